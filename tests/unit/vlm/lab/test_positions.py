"""Where things are, in words, checked against where they were put."""

import numpy as np
import pytest

from vlm.lab.gallery import Placed, composed
from vlm.lab.positions import PLACES, beside, position_phrase
from vlm.lab.questions import draw_question
from vlm.lab.scenes import Scene, held_out_series, scene
from vlm.lab.vocabulary import NOUNS

SCENES = [scene(held_out_series(12), index) for index in range(400)]


def shown(*placed: Placed, aspect: float = 1.0) -> Scene:
    return composed("green", "solid", aspect, placed)


@pytest.mark.parametrize(("row", "column"), [(row, column) for row in range(3) for column in range(3)])
def test_a_picture_has_nine_places(row: int, column: int) -> None:
    drawn = shown(("cat", (column + 0.5) / 3, (row + 0.5) / 3, 0.2, 0.0))
    assert position_phrase(drawn, drawn.things[0]) == PLACES[row][column]


def test_a_wide_picture_has_wide_places() -> None:
    drawn = shown(("cat", 1.5, 0.5, 0.2, 0.0), aspect=16 / 9)
    assert position_phrase(drawn, drawn.things[0]) == "on the right"


def test_nothing_is_asked_about_a_thing_on_a_border() -> None:
    drawn = shown(("cat", 1 / 3, 0.5, 0.2, 0.0))
    assert position_phrase(drawn, drawn.things[0]) is None


def test_sides_are_told_from_the_middle_of_things_and_level_things_have_none() -> None:
    drawn = shown(("cat", 0.3, 0.5, 0.2, 0.0), ("dog", 0.7, 0.52, 0.2, 0.0))
    cat, dog = drawn.things
    assert beside(drawn, cat, "left", dog) is True
    assert beside(drawn, dog, "left", cat) is False
    assert beside(drawn, dog, "right", cat) is True
    assert beside(drawn, cat, "above", dog) is None
    assert beside(drawn, cat, "below", dog) is None


def asked(drawn: Scene, kind: str, times: int = 60) -> dict[str, str]:
    rng = np.random.default_rng(0)
    found = (draw_question(drawn, rng, kind, plain=True) for _ in range(times))
    return {one.question: one.answer for one in found if one.kind == kind}


def test_answers_say_where_a_thing_is_or_that_there_is_none() -> None:
    drawn = shown(("cat", 0.2, 0.2, 0.2, 0.0), ("dog", 0.8, 0.5, 0.2, 0.0), ("pizza", 0.5, 0.85, 0.2, 0.0))
    answers = asked(drawn, "where")
    assert answers["where is the cat?"] == "at the top left"
    assert answers["where is the dog?"] == "on the right"
    assert answers["where is the pizza?"] == "at the bottom"
    missing = {answer for answer in answers.values() if answer.startswith("there is no ")}
    assert missing
    assert not any(name in answer for name in ("cat", "dog", "pizza") for answer in missing)


def test_two_of_a_kind_are_both_found() -> None:
    drawn = shown(("cat", 0.2, 0.2, 0.2, 0.0), ("cat", 0.8, 0.5, 0.2, 0.0))
    assert asked(drawn, "where")["where are the cats?"] == "at the top left and on the right"


def test_answers_say_what_stands_on_which_side() -> None:
    drawn = shown(("cat", 0.2, 0.2, 0.2, 0.0), ("dog", 0.8, 0.5, 0.2, 0.0), ("pizza", 0.5, 0.85, 0.2, 0.0))
    answers = asked(drawn, "relation", 6000)
    assert answers["is the cat left of the dog?"] == "yes"
    assert answers["is the cat to the right of the dog?"] == "no"
    assert answers["is the pizza below the cat?"] == "yes"
    assert answers["what is left of the dog?"] == "a cat and a pizza"
    assert answers["what is above the cat?"] == "nothing"
    assert any(answer.startswith("there is no ") for answer in answers.values())


def test_relations_are_asked_of_single_things_only() -> None:
    """'the cat' says nothing where there are two."""
    for drawn in SCENES:
        for question in asked(drawn, "relation", 5):
            named = {i for i, kind in enumerate(NOUNS) if kind.name in question.strip("?").split()}
            assert all(drawn.counts.get(noun, 0) <= 1 for noun in named), question
