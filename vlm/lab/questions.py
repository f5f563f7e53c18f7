"""Questions that people type about a scene, and their true answers. Pure.

    count     how many cats are there?          two        (zero for what is not there)
    presence  is there a dog in the picture?    yes, no
    colour    what colour is the background?    green
    total     how many things are there?        three
    listing   what is in the picture?           two cats and a pizza
    unknown   who took this photo?              i don't know

Not handled: where things are, what colour a thing has.
"""

from dataclasses import dataclass

import numpy as np

from vlm.lab.scenes import Scene
from vlm.lab.vocabulary import COLOUR_NAMES, NOUNS, NUMBERS

KINDS = ("count", "presence", "colour", "total", "listing", "unknown")
ODDS = (0.46, 0.24, 0.08, 0.09, 0.1, 0.03)
UNKNOWN = "i don't know"

COUNT = (
    "how many {plural} are there",
    "how many {plural} are there",
    "how many {plural}",
    "how many {plural} are in the {picture}",
    "how many {plural} are there in the {picture}",
    "how many {plural} can you see",
    "how many {plural} do you see",
    "count the {plural}",
)
PRESENCE = (
    "is there {a_noun}",
    "is there {a_noun} in the {picture}",
    "is there {a_noun} in this {picture}",
    "are there any {plural}",
    "are there {plural} in the {picture}",
    "do you see {a_noun}",
    "can you see {a_noun}",
    "any {plural}",
    "is this {a_noun}",
    "does the {picture} show {a_noun}",
)
COLOUR = (
    "what {colour} is the background",
    "what is the {colour} of the background",
    "what is the background {colour}",
    "which {colour} is the background",
    "what {colour} is behind the {noun}",
    "background {colour}",
)
IS_COLOUR = ("is the background {shade}", "is it on a {shade} background")
TOTAL = (
    "how many things are there",
    "how many things are in the {picture}",
    "how many objects are there",
    "how many things can you see",
    "how many things do you see",
    "how many things",
    "how many items are in the {picture}",
)
LISTING = (
    "what is in the {picture}",
    "what is in this {picture}",
    "what is this",
    "what do you see",
    "what can you see",
    "what is there",
    "what does the {picture} show",
    "what's in the {picture}",
    "what's this",
    "describe the {picture}",
    "what things are there",
)
UNKNOWABLE = (
    "who took this {picture}",
    "when was this {picture} taken",
    "where was this {picture} taken",
    "what is the name of the {noun}",
    "how old is the {noun}",
    "why",
    "who are you",
    "what time is it",
    "how much does it cost",
    "what is the weather like",
    "hello",
)


@dataclass(frozen=True, slots=True)
class Exchange:
    question: str
    answer: str
    kind: str


def exchange(
    scene: Scene, rng: np.random.Generator, kind: str | None = None, *, plain: bool = False
) -> Exchange:
    """One question about the scene with its answer. `plain`: lower case and with a question mark."""
    kind = kind or str(rng.choice(KINDS, p=ODDS))
    here = list(scene.counts)
    templates: tuple[str, ...]
    match kind:
        case "count":
            noun = _noun(rng, here, present=0.75)
            templates, answer = COUNT, NUMBERS[scene.counts.get(noun, 0)]
        case "presence":
            noun = _noun(rng, here, present=0.5)
            templates, answer = PRESENCE, _yes(noun in scene.counts)
        case "colour":
            noun = here[rng.integers(len(here))]
            templates, answer = COLOUR, scene.colour
        case "total":
            noun = here[0]
            templates, answer = TOTAL, NUMBERS[len(scene.things)]
        case "listing":
            noun = here[0]
            templates, answer = LISTING, scene.listing
        case _:
            noun = here[0]
            templates, answer = UNKNOWABLE, UNKNOWN
    shade = ""
    if kind == "colour" and not plain and rng.random() < 0.25:
        shade = scene.colour if rng.random() < 0.5 else COLOUR_NAMES[rng.integers(len(COLOUR_NAMES))]
        templates, answer = IS_COLOUR, _yes(shade == scene.colour)
    return Exchange(_wording(rng, templates, noun, shade, plain), answer, kind)


def _yes(truth: bool) -> str:
    return "yes" if truth else "no"


def _noun(rng: np.random.Generator, here: list[int], present: float) -> int:
    """A noun of the scene with the given odds, else one that is not in it."""
    if rng.random() < present:
        return here[rng.integers(len(here))]
    elsewhere = int(rng.integers(len(NOUNS) - len(here)))
    return [noun for noun in range(len(NOUNS)) if noun not in here][elsewhere]


def _wording(rng: np.random.Generator, templates: tuple[str, ...], noun: int, shade: str, plain: bool) -> str:
    kind = NOUNS[noun]
    text = templates[rng.integers(len(templates))].format(
        noun=kind.name,
        a_noun=kind.with_article,
        plural=kind.plural,
        shade=shade,
        picture=("picture", "picture", "photo", "image")[rng.integers(4)],
        colour=("colour", "color")[rng.integers(2)],
    )
    return text + "?" if plain else _typed(rng, text)


def _typed(rng: np.random.Generator, text: str) -> str:
    """As people type it: with or without capitals and question mark."""
    text += "?" if rng.random() < 0.8 else ""
    draw = rng.random()
    if draw < 0.45:
        return text[0].upper() + text[1:]
    return text.upper() if draw < 0.48 else text
