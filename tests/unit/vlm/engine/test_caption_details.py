"""How a caption becomes a detailed one: what is asked, and what of the answers is said."""

import pytest

from vlm.engine.base import GENERAL_DETAILS, Detail
from vlm.engine.caption_details import detailed, questions
from vlm.engine.drawn_scenes import DRAWN, PLACED

BACKGROUND, COLOURS, TIME = GENERAL_DETAILS


def test_each_thing_that_there_is_one_of_is_asked_for_its_place() -> None:
    details = questions("a cat, two dogs and an ice cream on a green background", PLACED)
    assert [(detail.question, detail.label) for detail in details] == [
        ("where is the cat?", "cat"),
        ("where is the ice cream?", "ice cream"),
        ("how many things are there?", "things"),
    ]


@pytest.mark.parametrize("caption", ["two dogs on a red background", "something I don't know", "nothing", ""])
def test_where_no_single_thing_is_named_none_is_asked_for(caption: str) -> None:
    assert list(questions(caption, PLACED)) == list(DRAWN)


def test_answers_are_said_after_the_caption_in_the_order_of_asking() -> None:
    answers = [(BACKGROUND, "the sea."), (COLOURS, "blue and white")]
    assert (
        detailed("a dog on a beach", answers)
        == "a dog on a beach. background: the sea. colours: blue and white."
    )


@pytest.mark.parametrize(
    "answer", ["", "no", "Yes.", "unknown", "i don't know", "there is no cat", "beach", "A dog"]
)
def test_what_says_nothing_or_nothing_new_is_left_out(answer: str) -> None:
    assert detailed("a dog on a beach", [(BACKGROUND, answer)]) == "a dog on a beach."


def test_the_same_answer_is_not_said_twice() -> None:
    assert detailed("a dog", [(BACKGROUND, "grass"), (TIME, "grass")]) == "a dog. background: grass."


def test_braces_of_an_answer_are_only_braces() -> None:
    assert detailed("a dog", [(Detail("what?", "more"), "{thing}")]) == "a dog. more: {thing}."
