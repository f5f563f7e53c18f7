"""The drawn world: what stands where, and how it is said."""

import numpy as np
import pytest

from vlm.lab import metrics
from vlm.lab.questions import KINDS, UNKNOWN, draw_question
from vlm.lab.scenes import (
    NEVER_TRAINED,
    STRANGE,
    UNNAMED,
    Scene,
    WorldConfig,
    dense_scene,
    held_out_series,
    join,
    phrase,
    scene,
    training_series,
)
from vlm.lab.vocabulary import COLOUR_NAMES, MAX_THINGS, NOUNS, NUMBERS, STRANGERS

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
    assert len(NOUNS) == len({kind.name for kind in NOUNS}) == len({kind.plural for kind in NOUNS}) == 150
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
        ("mouse", 5, "five mice"),
        ("knife", 2, "two knives"),
        ("unicorn", 1, "a unicorn"),
        ("ant", 1, "an ant"),
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
        assert metrics.parse_caption(drawn.caption) == metrics.ParsedCaption(drawn.counts, drawn.colour), (
            drawn.caption
        )


def test_what_has_no_name_is_counted_and_not_named() -> None:
    strange = [drawn for drawn in SCENES if any(thing.noun == STRANGE for thing in drawn.things)]
    assert strange
    for drawn in strange:
        assert drawn.unknown == sum(thing.noun == STRANGE for thing in drawn.things)
        assert UNNAMED in drawn.caption or "things I don't know" in drawn.caption
        assert STRANGE not in drawn.counts


def test_a_picture_of_nothing_is_called_empty_and_clutter_unknown() -> None:
    bare = [drawn for drawn in SCENES if not drawn.things]
    empty, clutter = ([d for d in bare if (d.colour is None) is wanted] for wanted in (False, True))
    assert {drawn.caption for drawn in empty} <= {f"an empty {colour} background" for colour in COLOUR_NAMES}
    assert {drawn.caption for drawn in clutter} == {UNNAMED}
    assert len(empty) > 5
    assert len(clutter) > 5


def test_strangers_are_no_nouns_and_some_are_kept_from_training() -> None:
    assert not set(STRANGERS) & {glyph for kind in NOUNS for glyph in kind.glyphs}
    taught = {thing.glyph for index in range(2000) for thing in scene(4, index, taught=True).things}
    shown = {thing.glyph for index in range(2000) for thing in scene(5, index).things}
    kept = {glyph for i, glyph in enumerate(STRANGERS) if (i + 1) % NEVER_TRAINED == 0}
    assert not taught & kept
    assert shown & kept


def test_scored_scenes_are_drawn_by_the_first_hand_alone() -> None:
    assert all(thing.artist == thing.variant == 0 for drawn in SCENES for thing in drawn.things)
    assert {thing.variant for index in range(50) for thing in scene(4, index, taught=True).things} > {0, 1}


def test_a_smaller_world_shows_and_asks_what_it_holds_and_nothing_else() -> None:
    """A checkpoint that knows less is scored on what its card says."""
    small = WorldConfig(nouns=20, most=3, strange=False, places=False)
    rng = np.random.default_rng(0)
    for index in range(200):
        drawn = scene(5, index, world=small)
        assert 1 <= len(drawn.things) <= 3
        assert all(thing.noun < 20 for thing in drawn.things)
        assert draw_question(drawn, rng, "where").kind == "presence"
        word = draw_question(drawn, rng, "presence", plain=True).question
        assert any(kind.name in word or kind.plural in word for kind in NOUNS[:20])
    assert scene(5, 0, world=WorldConfig()) == scene(5, 0)


def test_a_dense_scene_shows_many_things() -> None:
    for index in range(50):
        drawn = dense_scene(2, index)
        assert 6 <= len(drawn.things) <= 10
        assert drawn == dense_scene(2, index)


def test_the_same_number_is_always_the_same_scene() -> None:
    assert [scene(5, index) for index in range(20)] == [scene(5, index) for index in range(20)]
    assert scene(5, 0) != scene(5, 1)


def test_training_and_held_out_scenes_never_meet() -> None:
    assert {training_series(seed) for seed in range(1000)}.isdisjoint(map(held_out_series, range(1000)))


def test_everything_stands_in_the_frame() -> None:
    for drawn in SCENES:
        width, height = drawn.extent
        assert 0 <= len(drawn.things) <= MAX_THINGS
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
        asked = draw_question(drawn, rng, kind)
        match kind:
            case "count":
                assert asked.answer == NUMBERS[counted(drawn, asked.question)]
            case "presence":
                assert asked.answer == ("yes" if counted(drawn, asked.question) else "no")
            case "total":
                clear = drawn.things or drawn.colour
                assert asked.answer == (NUMBERS[len(drawn.things)] if clear else UNKNOWN)
            case "colour":
                assert asked.answer in (drawn.colour or UNKNOWN, "yes", "no")
            case "listing":
                assert drawn.caption.startswith(asked.answer) or asked.answer == "nothing"
            case "unknown":
                assert asked.answer == UNKNOWN
            case _:  # of places and sides: tests/unit/vlm/lab/test_places.py
                assert asked.kind in (kind, "presence")


def counted(drawn: Scene, question: str) -> int:
    """How many of the thing that a question names are in a scene."""
    words = question.lower().strip("?").split()
    [asked] = [i for i, kind in enumerate(NOUNS) if {kind.name, kind.plural} & set(words)]
    return drawn.counts.get(asked, 0)


def test_questions_come_in_many_wordings() -> None:
    rng = np.random.default_rng(1)
    asked = {draw_question(SCENES[0], rng, "total").question for _ in range(200)}
    assert {"how many things are there?", "How many things are there?", "how many things"} <= asked
