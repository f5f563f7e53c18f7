"""Where things are, in words: nine places of a picture, four sides of a thing. Pure.

What is near a border has no clear place, and what is level with another no clear side: no question asks it.
"""

from vlm.lab.scenes import Scene, Thing

PLACES = (
    ("at the top left", "at the top", "at the top right"),
    ("on the left", "in the middle", "on the right"),
    ("at the bottom left", "at the bottom", "at the bottom right"),
)
SIDES = ("left", "right", "above", "below")
UNCLEAR = 0.035  # of the picture's width or height: so close to a border of the nine places is neither
LEVEL = 0.07  # the same, between two things: neither left nor right of it


def position_phrase(scene: Scene, thing: Thing) -> str | None:
    """One of the nine places; None near a border."""
    width, height = scene.extent
    column, row = _third(thing.x / width), _third(thing.y / height)
    return None if column is None or row is None else PLACES[row][column]


def _third(share: float) -> int | None:
    if min(abs(share - 1 / 3), abs(share - 2 / 3)) < UNCLEAR:
        return None
    return int(share > 1 / 3) + int(share > 2 / 3)


def beside(scene: Scene, thing: Thing, side: str, other: Thing) -> bool | None:
    """Whether `thing` is on that side of `other`; None where they are level."""
    width, height = scene.extent
    across, down = (thing.x - other.x) / width, (thing.y - other.y) / height
    lead = {"left": -across, "right": across, "above": -down, "below": down}[side]
    return None if abs(lead) < LEVEL else lead > 0
