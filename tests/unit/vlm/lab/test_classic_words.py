"""Captions become numbers and come back as a person would write them."""

from vlm.engine.classic.words import END, PAD, START, UNKNOWN, Words, tokenize

CAPTIONS = ["A dog runs .", "a dog, a cat and I don't know", "a cat"]


def test_capitals_and_full_stops_go_and_commas_stay() -> None:
    assert tokenize("Two dogs , and I don't know!") == ["two", "dogs", ",", "and", "i", "don't", "know"]


def test_rare_words_are_left_out_and_the_commonest_come_first() -> None:
    words = Words.of(CAPTIONS, at_least=2)
    assert words.known == ("a", "cat", "dog")
    assert len(words) == 7


def test_a_caption_comes_back_as_it_was_said() -> None:
    words = Words.of(CAPTIONS, at_least=1)
    ids = words.ids("A dog, a cat and I", longest=10)
    assert ids[0] == START
    assert ids[-1] == END
    assert words.text(ids) == "a dog, a cat and I"


def test_unknown_words_are_not_said_and_nothing_follows_the_end() -> None:
    words = Words.of(CAPTIONS, at_least=2)
    assert words.ids("a zebra", longest=10) == [START, 4, UNKNOWN, END]
    assert words.text([START, 4, UNKNOWN, 5, END, 6, PAD]) == "a cat"


def test_long_captions_are_cut_and_still_end() -> None:
    assert Words(["a"]).ids("a a a a", longest=2) == [START, 4, 4, END]
