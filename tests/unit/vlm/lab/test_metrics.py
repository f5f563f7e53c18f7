"""How captions, answers and search are scored."""

from vlm.lab.evaluation.statistics import corpus_scores
from vlm.lab.gallery import composed
from vlm.lab.metrics import (
    ParsedCaption,
    answer_statistics,
    caption_scores,
    caption_statistics,
    parse_caption,
)
from vlm.lab.vocabulary import NOUNS

CAT, PIZZA = (next(i for i, kind in enumerate(NOUNS) if kind.name == name) for name in ("cat", "pizza"))
PICNIC = composed(
    "green", "solid", 1.0, [("cat", 0.3, 0.3, 0.2, 0), ("cat", 0.7, 0.3, 0.2, 0), ("pizza", 0.5, 0.7, 0.2, 0)]
)


def test_a_caption_is_read_as_it_is_meant() -> None:
    assert parse_caption("two cats and a pizza on a green background") == ParsedCaption(
        {CAT: 2, PIZZA: 1}, "green"
    )
    assert parse_caption("A cat, a cat and a PIZZA") == ParsedCaption({CAT: 2, PIZZA: 1}, None)


def test_words_from_elsewhere_are_passed_over() -> None:
    assert parse_caption("a dragon and two griffins in the background") == ParsedCaption({}, None)
    assert parse_caption("") == ParsedCaption({}, None)


def test_a_true_caption_gets_full_marks() -> None:
    assert set(caption_scores([PICNIC], [PICNIC.caption]).values()) == {1.0}


def test_a_wrong_number_costs_the_count_alone() -> None:
    scores = caption_scores([PICNIC], ["a cat and a pizza on a green background"])
    assert scores["set"] == scores["noun recall"] == scores["noun precision"] == scores["colour"] == 1.0
    assert scores["counts"] == scores["word for word"] == 0.0


def test_what_is_missing_costs_recall_and_what_is_made_up_costs_precision() -> None:
    missing = caption_scores([PICNIC], ["two cats on a green background"])
    assert (missing["noun recall"], missing["noun precision"]) == (0.5, 1.0)
    made_up = caption_scores([PICNIC], ["two cats, a pizza, an egg and a car on a red background"])
    assert (made_up["noun recall"], made_up["noun precision"], made_up["colour"]) == (1.0, 0.5, 0.0)


def test_an_empty_caption_scores_nothing_and_breaks_nothing() -> None:
    assert set(caption_scores([PICNIC], [""]).values()) == {0.0}


def test_answers_are_right_whatever_their_capitals() -> None:
    assert corpus_scores(
        [{"yes": answer_statistics("two", "Two")}, {"yes": answer_statistics("yes", "no")}]
    ) == {"yes": 0.5}


def test_captions_of_other_models_are_read_too() -> None:
    assert parse_caption("a photo of three small black cats next to pizza") == ParsedCaption(
        {CAT: 3, PIZZA: 1}, None
    )
    assert parse_caption("zero cats") == ParsedCaption({}, None)


def test_what_has_no_name_and_what_is_empty_is_read_as_no_thing() -> None:
    assert parse_caption("a cat and something I don't know on a red background") == ParsedCaption(
        {CAT: 1}, "red"
    )
    assert parse_caption("an empty blue background") == ParsedCaption({}, "blue")
    assert parse_caption("two things I don't know") == ParsedCaption({}, None)


def test_a_noun_for_a_picture_without_a_named_thing_is_counted() -> None:
    empty = composed("blue", "solid", 1.0, [])
    name = "no noun without a thing"
    assert name not in caption_statistics(PICNIC, PICNIC.caption)
    assert caption_statistics(empty, "an empty blue background")[name] == (1.0, 1.0)
    assert caption_statistics(empty, "a cat on a blue background")[name] == (0.0, 1.0)
