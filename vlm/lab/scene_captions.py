"""Five captions of one scene, as by five people. Pure; the same scene always gets the same captions.

two cats and a pizza on a green background      the scene's own caption, always the first
there is a pizza and two cats on a green background
a green picture with two cats and a pizza       and so on: four of the wordings below, in any order of things
"""

import numpy as np

from vlm.lab.scenes import UNNAMED, Scene, join, phrase
from vlm.lab.vocabulary import NUMBERS, article

PEOPLE = 5
ON_COLOUR = (
    "there {is_are} {things} on {a_colour} background",
    "{a_colour} picture with {things}",
    "a photo of {things} on {colour}",
    "{things} in front of {a_colour} wall",
    "{a_colour} background with {things} on it",
    "this picture shows {things} on {colour}",
)
EMPTY = (
    "there is nothing on the {colour} background",
    "{a_colour} picture with nothing in it",
    "nothing but {a_colour} background",
    "a photo of an empty {colour} wall",
    "this picture is plain {colour}",
)
CLUTTERED = (
    "there {is_are} {things} here",
    "a photo of {things}",
    "a picture with {things} in it",
    "this picture shows {things}",
    "{things} among a lot of clutter",
)


def paraphrases(scene: Scene) -> tuple[str, ...]:
    """Five different captions of the scene, all true."""
    rng = np.random.default_rng(scene.look.seed)
    wordings = _wordings(scene)
    chosen = rng.choice(len(wordings), size=PEOPLE - 1, replace=False)
    return scene.caption, *(_worded(scene, wordings[number], rng) for number in chosen)


def _wordings(scene: Scene) -> tuple[str, ...]:
    if scene.colour is None:
        return CLUTTERED
    return ON_COLOUR if scene.things else EMPTY


def _worded(scene: Scene, wording: str, rng: np.random.Generator) -> str:
    parts = _parts(scene)
    parts = [parts[place] for place in rng.permutation(len(parts))]
    return wording.format(
        things=join(parts) if parts else "",
        is_are="are" if parts and parts[0].split()[0] in NUMBERS else "is",
        colour=scene.colour,
        a_colour=f"{article(scene.colour)} {scene.colour}" if scene.colour else "",
    )


def _parts(scene: Scene) -> list[str]:
    """The things of a scene as phrases, one a kind."""
    parts = [phrase(noun, count) for noun, count in scene.counts.items()]
    if scene.unknown:
        parts.append(UNNAMED if scene.unknown == 1 else f"{NUMBERS[scene.unknown]} things I don't know")
    return parts
