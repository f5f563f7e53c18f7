"""The drawn world: what stands where, and how it is said."""

import numpy as np
import pytest

from vlm.lab import metrics
from vlm.lab.questions import KINDS, UNKNOWN, exchange
from vlm.lab.scenes import Scene, held_out_series, join, phrase, scene, training_series
from vlm.lab.vocabulary import COLOUR_NAMES, MAX_THINGS, NOUNS, NUMBERS

SCENES = [scene(held_out_series(11), index) for index in range(400)]


def noun(name: str) -> int:
    return next(i for i, kind in enumerate(NOUNS) if kind.name == name)


def test_the_vocabulary_holds_what_was_promised() -> None:
    promised = """
        dog cat horse cow pig elephant rabbit bear penguin owl turtle snake fish octopus butterfly spider
        frog duck rose sunflower cactus mushroom banana strawberry watermelon pineapple carrot pizza
        hamburger egg doughnut house bus car bicycle rocket airplane ship tractor star umbrella balloon
        guitar violin camera laptop key bell
    """
    colours = "red orange yellow green blue purple pink white black gray"
    assert {kind.name for kind in NOUNS} >= {*promised.split()}
    assert {*COLOUR_NAMES} >= {*colours.split()}


@pytest.mark.parametrize(
    ("name", "count", "said"),
    [
        ("cat", 1, "a cat"),
        ("cat", 2, "two cats"),
        ("egg", 1, "an egg"),
        ("umbrella", 1, "an umbrella"),
        ("octopus", 4, "four octopuses"),
        ("butterfly", 3, "three butterflies"),
        ("fish", 2, "two fish"),
        ("bus", 2, "two buses"),
        ("strawberry", 2, "two strawberries"),
    ],
)
def test_things_are_named_as_people_name_them(name: str, count: int, said: str) -> None:
    assert phrase(noun(name), count) == said


def test_a_list_ends_with_and() -> None:
    assert join(["a cat"]) == "a cat"
    assert join(["a cat", "two dogs"]) == "a cat and two dogs"
    assert join(["a cat", "two dogs", "an egg"]) == "a cat, two dogs and an egg"


def test_a_caption_says_exactly_what_is_there() -> None:
    for drawn in SCENES:
        assert metrics.read(drawn.caption) == metrics.Reading(drawn.counts, drawn.colour), drawn.caption


def test_the_same_number_is_always_the_same_scene() -> None:
    assert [scene(5, index) for index in range(20)] == [scene(5, index) for index in range(20)]
    assert scene(5, 0) != scene(5, 1)


def test_training_and_held_out_scenes_never_meet() -> None:
    assert {training_series(seed) for seed in range(1000)}.isdisjoint(map(held_out_series, range(1000)))


def test_everything_stands_in_the_frame() -> None:
    for drawn in SCENES:
        width, height = drawn.extent
        assert 1 <= len(drawn.things) <= MAX_THINGS
        assert min(width, height) == 1
        for thing in drawn.things:
            assert 0 < thing.x < width
            assert 0 < thing.y < height
            assert 0.1 < thing.size < 0.9


def test_things_hardly_overlap() -> None:
    for drawn in SCENES:
        for i, one in enumerate(drawn.things):
            for other in drawn.things[i + 1 :]:
                apart = np.hypot(one.x - other.x, one.y - other.y)
                assert apart >= 0.42 * (one.size + other.size)


@pytest.mark.parametrize("kind", KINDS)
def test_answers_are_true(kind: str) -> None:
    rng = np.random.default_rng(0)
    for drawn in SCENES:
        asked = exchange(drawn, rng, kind)
        match kind:
            case "count":
                assert asked.answer == NUMBERS[counted(drawn, asked.question)]
            case "presence":
                assert asked.answer == ("yes" if counted(drawn, asked.question) else "no")
            case "total":
                assert asked.answer == NUMBERS[len(drawn.things)]
            case "colour":
                assert asked.answer in (drawn.colour, "yes", "no")
            case "listing":
                assert drawn.caption.startswith(asked.answer)
            case _:
                assert asked.answer == UNKNOWN


def counted(drawn: Scene, question: str) -> int:
    """How many of the thing that a question names are in a scene."""
    words = question.lower().strip("?").split()
    [asked] = [i for i, kind in enumerate(NOUNS) if {kind.name, kind.plural} & set(words)]
    return drawn.counts.get(asked, 0)


def test_questions_come_in_many_wordings() -> None:
    rng = np.random.default_rng(1)
    asked = {exchange(SCENES[0], rng, "total").question for _ in range(200)}
    assert {"how many things are there?", "How many things are there?", "how many things"} <= asked
