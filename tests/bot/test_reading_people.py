"""Pure readings of what people write: questions, numbers, and the questions that fit a caption."""

import pytest

from bot.asking import is_question, note_in
from bot.picking import ALL, EVERY, picked, without_number
from bot.suggestions import question, suggested
from bot.tongue import tongue


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("is it red?", "en"),
        ("What is it", "en"),
        ("what’s this", "de"),
        ("Wo war das", "de"),
        ("¿dónde es", "es"),
        ("这是什么？", "zh"),
        ("何ですか", "ja"),
        ("ما هذا؟", "ar"),
    ],
)
def test_questions_are_known_by_their_mark_or_their_first_word(text: str, language: str) -> None:
    assert is_question(text, language)


@pytest.mark.parametrize(
    ("text", "language"), [("", "en"), ("Our week in Lisbon", "en"), ("Wo war das", "en")]
)
def test_all_else_is_no_question(text: str, language: str) -> None:
    assert not is_question(text, language)


def test_only_a_plain_question_is_not_kept_as_a_note() -> None:
    assert note_in("Is it red?") == ""
    assert note_in("Where we slept") == "Where we slept"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2: what colour is it?", 2),
        ("#3 what is it", 3),
        ("what is the second one?", 2),
        ("the last?", 3),
        ("what is on all of them?", ALL),
        ("9: what is it?", None),
        ("what is it?", None),
        ("the first or the second?", None),
        ("2nd thoughts", None),
    ],
)
def test_a_question_may_name_its_photo(text: str, number: int | None) -> None:
    assert picked(tongue("en"), text, 3) == number


@pytest.mark.parametrize("language", ["de", "ar", "ja", "zh", "hi"])
def test_the_words_for_all_are_known_in_the_chats_language(language: str) -> None:
    _ = tongue(language)
    assert any(picked(_, f"… {word} …", 3) == ALL for word in _(EVERY).strip("\u200f").split("/"))


def test_the_number_is_not_part_of_the_question() -> None:
    assert without_number("2: what is it?") == "what is it?"
    assert without_number("what are these 2?") == "what are these 2?"


@pytest.mark.parametrize(
    ("caption", "first"),
    [
        ("two cats and a pizza on a green background", "How many cats are there?"),
        ("three small birds on a wire", "How many small birds are there?"),
        ("several people in a park", "How many people are there?"),
        ("a dog running on the beach", "What is happening here?"),
        ("a building with a red door", "What colour is the background?"),
        ("", "What colour is the background?"),
    ],
)
def test_the_questions_offered_fit_the_caption(caption: str, first: str) -> None:
    keys = suggested(caption)
    assert len(keys) == 2
    assert question(tongue("en"), keys[0]) == first


def test_in_other_languages_no_english_word_is_mixed_in() -> None:
    assert "cats" not in question(tongue("de"), "many:cats")


def test_a_forged_key_asks_nothing() -> None:
    assert question(tongue("en"), "drop table") == ""


def test_what_a_button_brings_back_fits_telegrams_64_bytes() -> None:
    keys = suggested("many extraordinarily longwinded tyrannosauruses rexes standing")
    assert all(len(f"q:g123456789012345:{key}".encode()) <= 64 for key in keys)
