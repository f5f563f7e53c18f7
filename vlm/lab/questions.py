"""Questions that people type about a scene, and their true answers. Pure.

    count     how many cats are there?          two        (zero for what is not there)
    presence  is there a dog in the picture?    yes, no
    colour    what colour is the background?    green
    total     how many things are there?        three
    listing   what is in the picture?           two cats and a pizza
    relation  is the cat left of the dog?       yes, no, there is no dog
              what is above the dog?            a cat, nothing
    where     where is the cat?                 at the top left, there is no cat
    unknown   who took this photo?              i don't know

Not handled: what colour a thing has, which thing is larger.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from vlm.lab.positions import SIDES, beside, position_phrase
from vlm.lab.scenes import STRANGE, Scene, Thing, join, listing
from vlm.lab.vocabulary import COLOUR_NAMES, NOUNS, NUMBERS

KINDS = ("count", "presence", "colour", "total", "listing", "relation", "where", "unknown")
ODDS = (0.22, 0.13, 0.05, 0.08, 0.08, 0.23, 0.19, 0.02)
UNKNOWN = "i don't know"
TRIES = 5  # to find a question that the scene answers clearly

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
    "background {colour}",
    "what {colour} is behind the {noun}",
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
SIDE_WORDS = {
    "left": ("left of", "to the left of", "on the left of"),
    "right": ("right of", "to the right of", "on the right of"),
    "above": ("above", "above", "over"),
    "below": ("below", "below", "under"),
}
RELATION = ("is the {noun} {side} the {other}", "is the {noun} {side} the {other} in the {picture}")
BESIDE = (
    "what is {side} the {other}",
    "what's {side} the {other}",
    "what is there {side} the {other}",
    "what do you see {side} the {other}",
)
WHERE = (
    "where is the {noun}",
    "where is the {noun}",
    "where's the {noun}",
    "where is the {noun} in the {picture}",
    "where do you see the {noun}",
    "where can i see the {noun}",
    "in which part of the {picture} is the {noun}",
)
WHERE_MANY = ("where are the {plural}", "where are the {plural} in the {picture}")
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
class QuestionAnswer:
    question: str
    answer: str
    kind: str


@dataclass(frozen=True, slots=True)
class QuestionTemplate:
    """A question before it is worded: its templates, what they name, and the answer."""

    wordings: tuple[str, ...]
    answer: str
    noun: int = 0
    other: int = 0
    side: str = ""
    shade: str = ""


def draw_question(
    scene: Scene, rng: np.random.Generator, kind: str | None = None, *, plain: bool = False
) -> QuestionAnswer:
    """One question about the scene with its answer. `plain`: lower case and with a question mark.

    Where the scene leaves no clear question of the kind, one about what is there is asked instead.
    """
    kind = kind or str(rng.choice(KINDS, p=ODDS))
    tries = (_ask(scene, rng, kind, plain) for _ in range(TRIES))
    template = next((attempt for attempt in tries if attempt is not None), None)
    if template is None:
        kind, template = "presence", _presence(scene, rng)
    return QuestionAnswer(_fill(rng, template, plain), template.answer, kind)


def _ask(scene: Scene, rng: np.random.Generator, kind: str, plain: bool) -> QuestionTemplate | None:
    match kind:
        case "count":
            noun = _noun(rng, scene, present=0.75)
            return QuestionTemplate(COUNT, NUMBERS[scene.counts.get(noun, 0)], noun)
        case "presence":
            return _presence(scene, rng)
        case "colour":
            return _colour(scene, rng, plain)
        case "total":
            clear = scene.things or scene.colour
            return QuestionTemplate(TOTAL, NUMBERS[len(scene.things)] if clear else UNKNOWN)
        case "listing":
            return QuestionTemplate(LISTING, scene.listing)
        case "relation" | "where" if not scene.world.places:
            return None
        case "relation":
            return _beside(scene, rng) if rng.random() < 0.35 else _relation(scene, rng)
        case "where":
            return _where(scene, rng)
        case _:
            return QuestionTemplate(UNKNOWABLE, UNKNOWN, _noun(rng, scene, present=0.9))


def _presence(scene: Scene, rng: np.random.Generator) -> QuestionTemplate:
    noun = _noun(rng, scene, present=0.5)
    return QuestionTemplate(PRESENCE, _yes(noun in scene.counts), noun)


def _colour(scene: Scene, rng: np.random.Generator, plain: bool) -> QuestionTemplate:
    noun = _noun(rng, scene, present=1.0)
    if plain or rng.random() >= 0.25:
        return QuestionTemplate(COLOUR if scene.counts else COLOUR[:-1], scene.colour or UNKNOWN, noun)
    shade = scene.colour
    if shade is None or rng.random() < 0.5:
        shade = COLOUR_NAMES[rng.integers(len(COLOUR_NAMES))]
    return QuestionTemplate(IS_COLOUR, _yes(shade == scene.colour), noun, shade=shade)


def _relation(scene: Scene, rng: np.random.Generator) -> QuestionTemplate | None:
    """Whether one thing is on some side of another; with small odds about one that is not there."""
    single = _single(scene)
    if not single:
        return None
    side = SIDES[rng.integers(len(SIDES))]
    if rng.random() < 0.15:
        here, missing = single[rng.integers(len(single))].noun, _noun(rng, scene, present=0.0)
        noun, other = (here, missing) if rng.random() < 0.5 else (missing, here)
        return QuestionTemplate(RELATION, _none(missing), noun, other, side)
    if len(single) < 2:
        return None
    first, second = (single[i] for i in rng.choice(len(single), size=2, replace=False))
    truth = beside(scene, first, side, second)
    return None if truth is None else QuestionTemplate(RELATION, _yes(truth), first.noun, second.noun, side)


def _beside(scene: Scene, rng: np.random.Generator) -> QuestionTemplate | None:
    """What is on some side of a thing: all that is clearly there, where all is clear."""
    single = _single(scene)
    if not single or len(scene.things) < 2:
        return None
    side = SIDES[rng.integers(len(SIDES))]
    middle = single[rng.integers(len(single))]
    others = [thing for thing in scene.things if thing is not middle]
    truths = [beside(scene, thing, side, middle) for thing in others]
    if None in truths:
        return None
    counts = Counter(thing.noun for thing, truth in zip(others, truths, strict=True) if truth)
    strange = counts.pop(STRANGE, 0)
    return QuestionTemplate(
        BESIDE, listing(dict(sorted(counts.items())), strange), other=middle.noun, side=side
    )


def _where(scene: Scene, rng: np.random.Generator) -> QuestionTemplate | None:
    if rng.random() < 0.2:
        noun = _noun(rng, scene, present=0.0)
        return QuestionTemplate(WHERE, _none(noun), noun)
    single, double = _single(scene), [noun for noun, count in scene.counts.items() if count == 2]
    if double and rng.random() < 0.25:
        noun = double[rng.integers(len(double))]
        both = [position_phrase(scene, thing) for thing in _in_reading_order(scene, noun)]
        return (
            None
            if None in both
            else QuestionTemplate(WHERE_MANY, join(list(dict.fromkeys(map(str, both)))), noun)
        )
    if not single:
        return None
    thing = single[rng.integers(len(single))]
    where = position_phrase(scene, thing)
    return None if where is None else QuestionTemplate(WHERE, where, thing.noun)


def _single(scene: Scene) -> list[Thing]:
    """The things with a name of which there is but one."""
    return [thing for thing in scene.things if scene.counts.get(thing.noun) == 1]


def _in_reading_order(scene: Scene, noun: int) -> list[Thing]:
    """The things of a kind, by rows of the nine places, then from left to right."""
    _, height = scene.extent
    things = [thing for thing in scene.things if thing.noun == noun]
    return sorted(things, key=lambda thing: (int(3 * thing.y / height), thing.x))


def _yes(truth: bool) -> str:
    return "yes" if truth else "no"


def _none(noun: int) -> str:
    return f"there is no {NOUNS[noun].name}"


def _noun(rng: np.random.Generator, scene: Scene, present: float) -> int:
    """A noun of the scene with the given odds, if it has any, else one that is not in it."""
    here = list(scene.counts)
    if here and rng.random() < present:
        return here[rng.integers(len(here))]
    elsewhere = int(rng.integers(scene.world.nouns - len(here)))
    return [noun for noun in range(scene.world.nouns) if noun not in here][elsewhere]


def _fill(rng: np.random.Generator, template: QuestionTemplate, plain: bool) -> str:
    kind = NOUNS[template.noun]
    sides = SIDE_WORDS.get(template.side, ("",))
    text = template.wordings[rng.integers(len(template.wordings))].format(
        noun=kind.name,
        a_noun=kind.with_article,
        plural=kind.plural,
        other=NOUNS[template.other].name,
        side=sides[rng.integers(len(sides))],
        shade=template.shade,
        picture=("picture", "picture", "photo", "image")[rng.integers(4)],
        colour=("colour", "color")[rng.integers(2)],
    )
    return text + "?" if plain else _vary_case(rng, text)


def _vary_case(rng: np.random.Generator, text: str) -> str:
    """As people type it: with or without capitals and question mark."""
    text += "?" if rng.random() < 0.8 else ""
    draw = rng.random()
    if draw < 0.45:
        return text[0].upper() + text[1:]
    return text.upper() if draw < 0.48 else text
