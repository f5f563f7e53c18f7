"""What is taken out of a caption before anybody hears it, and what stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlm.text.caption_cleanup import SHORT_CHARS, clean_caption, comparable, shorten

INTRODUCTIONS = [
    ("This image shows a dog on a beach", "A dog on a beach"),
    ("this is a picture of two cats", "two cats"),
    ("a picture of two cats", "two cats"),
    ("an image of a red bus.", "a red bus."),
    ("There is a dog in this photo", "A dog"),
    ("there are two cats in the picture.", "two cats."),
    ("In this image, we can see a bus", "A bus"),
    ("A photo of", "A photo of"),
    ("a picture", "a picture"),
    ("a picture of a picture", "a picture"),
    ("a picture on a wall", "a picture on a wall"),
]
GENDERS = [
    ("a man riding a horse", "a person riding a horse"),
    ("an old woman and her dog", "an old person and their dog"),
    ("Two men", "Two people"),
    ("a boy and a girl playing", "two children playing"),
    ("two men and a woman sitting", "three people sitting"),
    ("men and women", "people"),
    ("a lady and a gentleman", "two people"),
    ("she is looking at him", "they are looking at them"),
    ("He's asleep", "They're asleep"),
    ("a cat looking at her", "a cat looking at them"),
    ("a woman's hat", "a person's hat"),
    ("a mother holding her baby", "a parent holding their baby"),
    ("a salesman and a policeman", "a salesperson and a police officer"),
    ("a man and a dog", "a person and a dog"),
]
UNTOUCHED = [
    "Manhattan at night", "a human skull", "a man-made lake", "a snowman", "a hero on a shelf", "a heron",
    "here and there", "a sheep and its lamb", "a male lion", "two cats and a pizza on a green background", "",
]  # fmt: skip


@pytest.mark.parametrize(("caption", "cleaned"), [*INTRODUCTIONS, *GENDERS])
def test_introductions_go_and_nobody_is_told_their_gender(caption: str, cleaned: str) -> None:
    assert clean_caption(caption) == cleaned


@pytest.mark.parametrize("caption", UNTOUCHED)
def test_what_only_looks_like_it_stays(caption: str) -> None:
    assert clean_caption(caption) == caption


@given(st.text())
def test_any_text_stays_a_text_and_plain_is_plain(caption: str) -> None:
    assert bool(clean_caption(caption)) == bool(caption.strip())


@given(st.text(max_size=400), st.integers(2, 300))
def test_a_short_text_is_never_longer_than_asked(caption: str, most: int) -> None:
    short = shorten(caption, most)
    assert len(short) <= most
    assert short == caption or short.endswith("…")


def test_what_is_cut_ends_with_a_word() -> None:
    assert shorten("a dog and a cat, and another one", 17) == "a dog and a cat…"
    assert shorten("字" * 200) == "字" * (SHORT_CHARS - 1) + "…"
    assert shorten("a" * SHORT_CHARS) == "a" * SHORT_CHARS


def test_capitals_and_punctuation_make_no_other_wording() -> None:
    assert comparable("Two cats, and a dog.") == comparable("two cats and a dog") != comparable("two cats")
