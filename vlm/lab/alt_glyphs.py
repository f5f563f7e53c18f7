"""Scenes drawn with another glyph set: the same things, in looks that training never saw."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

from vlm.errors import BadRequest
from vlm.lab.glyphs import Glyphs
from vlm.lab.scenes import STRANGE, WHOLE, Scene, Thing, WorldConfig, scene
from vlm.lab.vocabulary import NOUNS, STRANGERS

TRIES = 500  # scenes in a row that cannot be drawn with the glyphs


def drawable_scenes(series: int, glyphs: Glyphs, world: WorldConfig = WHOLE) -> Iterator[Scene]:
    """The scenes of a series that can be drawn with these glyphs, in order.

    Raises:  BadRequest if hardly any scene can be drawn.
    """
    misses = 0
    for index in count():
        drawn = _with_available_glyphs(scene(series, index, world=world), glyphs)
        if drawn is not None:
            misses = 0 if drawn.things else misses  # an empty scene needs no glyph
            yield drawn
            continue
        misses += 1
        if misses == TRIES:
            raise BadRequest(
                "These glyphs show too few things: please name a folder of PNGs, one for each emoji, named "
                "by code point (1f415.png is a dog)."
            )


def _with_available_glyphs(drawn: Scene, glyphs: Glyphs) -> Scene | None:
    things = [_with_available_glyph(thing, glyphs) for thing in drawn.things]
    whole = [thing for thing in things if thing is not None]
    return replace(drawn, things=tuple(whole)) if len(whole) == len(things) else None


def _with_available_glyph(thing: Thing, glyphs: Glyphs) -> Thing | None:
    """The thing with an available glyph of its kind; None if there is none."""
    alternatives = STRANGERS if thing.noun == STRANGE else NOUNS[thing.noun].glyphs
    glyph = next((candidate for candidate in (thing.glyph, *alternatives) if glyphs.has(candidate)), None)
    return None if glyph is None else replace(thing, glyph=glyph)
