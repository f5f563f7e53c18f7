"""Other words for the caption of a drawn scene."""

import re

from vlm.engine.drawn_scenes import paraphrases
from vlm.lab.scenes import Scene, held_out_series, scene
from vlm.text.caption_cleanup import comparable

SCENES = [scene(held_out_series(3), index) for index in range(300)]


def things_and_colour(caption: str) -> tuple[list[str], str]:
    """What a wording says, in whichever order and form."""
    match = re.fullmatch(r"(.+?)(?: on (?:an? )?(\w+)(?: background)?)?", caption)
    assert match is not None
    return sorted(re.split(", | and ", match[1])), match[2] or ""


def has_others(drawn: Scene) -> bool:
    return len(drawn.counts) + bool(drawn.unknown) > 1 or bool(drawn.colour and drawn.things)


def test_every_scene_with_two_things_or_a_background_has_other_words_that_say_the_same() -> None:
    for drawn in SCENES:
        caption, *others = paraphrases(drawn.caption)
        assert caption == drawn.caption and bool(others) == has_others(drawn)
        assert len({comparable(wording) for wording in (caption, *others)}) == 1 + len(others)
        assert {str(things_and_colour(wording)) for wording in others} <= {str(things_and_colour(caption))}


def test_what_is_no_caption_of_a_scene_is_left_alone() -> None:
    for text in ("", "an empty red background", "a dog", "something I don't know"):
        assert paraphrases(text) == [text]
