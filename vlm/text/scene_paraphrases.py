"""Other words for the caption of a drawn scene, as true as the caption itself. Pure; English.

    two cats and a pizza on a green background
    a pizza and two cats on a green background
    two cats and a pizza on green                  and the other way around

A small model that is asked for less likely words soon says what is not there. These are the same things and
the same colour, in forms that the translator that comes along was taught, too.
Not handled: an empty background, and one thing alone on none: there are no other words for them.
"""

import re
from typing import Final

SCENE: Final = re.compile(r"(?P<things>.+?)(?: on an? (?P<colour>[\w ]+) background)?")


def otherwise(caption: str) -> list[str]:
    """The caption first, then its other wordings; no others for what is not of this form."""
    scene = SCENE.fullmatch(caption)
    if scene is None or scene["things"].endswith(" background"):
        return [caption]
    parts = re.split(r", | and ", scene["things"])
    orders = [_listed(parts), _listed(parts[::-1])]
    colour = scene["colour"]
    grounds = [caption[len(scene["things"]) :], *([f" on {colour}"] if colour else [])]
    return list(dict.fromkeys([caption, *(things + ground for ground in grounds for things in orders)]))


def _listed(parts: list[str]) -> str:
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last
