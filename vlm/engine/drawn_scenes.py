"""What only a checkpoint of drawn scenes needs, as its card says: other wordings, and questions for details.

    two cats and a pizza on a green background
    a pizza and two cats on a green background
    two cats and a pizza on green                  and in the other order

A small model that samples less likely words soon names things that are not there. These wordings name the
same things and the same colour, in forms that the bundled translator was trained on, too.
Not handled: an empty background, and one thing without a background: they have no other wording.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from vlm.engine.base import Detail

SURE: Final = 0.9  # a score from which an answer may become part of a caption
DRAWN: Final = (Detail("how many things are there?", "things"),)
PLACED: Final = (Detail("where is the {thing}?", "{thing}"), *DRAWN)

SCENE: Final = re.compile(r"(?P<things>.+?)(?: on an? (?P<colour>[\w ]+) background)?")
SINGLE: Final = re.compile(r"an? (?P<thing>[\w -]+)")


def drawn_details(scores: Mapping[str, Any]) -> Sequence[Detail]:
    """What a checkpoint is asked for a detailed caption: only what it was trained on and answers reliably.

    `scores` are the card's. A wrong place misleads people who cannot see the picture, so only a model that
    scores high is asked where things are.
    """
    match scores:
        case {"answer": {"where": float(score)}} if score >= SURE:
            return PLACED
    return DRAWN


def paraphrases(caption: str) -> list[str]:
    """The caption first, then its other wordings; only the caption if it is not of this form."""
    scene = SCENE.fullmatch(caption)
    if scene is None or scene["things"].endswith(" background"):
        return [caption]
    parts = re.split(r", | and ", scene["things"])
    orders = [_listed(parts), _listed(parts[::-1])]
    colour = scene["colour"]
    grounds = [caption[len(scene["things"]) :], *([f" on {colour}"] if colour else [])]
    return list(dict.fromkeys([caption, *(things + ground for ground in grounds for things in orders)]))


def single_things(caption: str) -> list[str]:
    """The things of which a caption such as 'a cat, two dogs and a pizza on a green background' names one."""
    listing = caption.rsplit(" on ", 1)[0]
    matches = [SINGLE.fullmatch(part) for part in re.split(r", | and ", listing)]
    return [match["thing"] for match in matches if match]


def _listed(parts: list[str]) -> str:
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last
