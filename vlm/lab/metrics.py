"""Scores of captions and answers against the truth of a drawn scene. Pure.

What is said of a caption:

    noun recall, noun precision    kinds of things named, over all kinds shown (or named)
    set                            the caption names exactly the kinds that are there
    counts                         the same, and all numbers are right
    colour                         the background's colour is right, or none is named where there is none
    no noun without a thing        of pictures that are empty or show what has no name here: no noun is named

Each is a part that sums up over scenes (`vlm.lab.evaluation.parts`).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vlm.lab.evaluation.parts import Part, share, totals
from vlm.lab.scenes import Scene
from vlm.lab.vocabulary import COLOUR_NAMES, NOUNS, NUMBERS

_ONE = {kind.name: noun for noun, kind in enumerate(NOUNS)}
_MANY = {kind.plural: noun for noun, kind in enumerate(NOUNS)}
_NUMBERS = {"a": 1, "an": 1, **{word: number for number, word in enumerate(NUMBERS)}}
_WORD = re.compile(r"[a-z]+")
_COLOUR = re.compile(rf"\b({'|'.join(COLOUR_NAMES)}) background")
REACH = 2  # words between a thing and its number: 'three small black cats'


@dataclass(frozen=True, slots=True)
class Reading:
    """What a caption says: number of each noun, and the background's colour."""

    counts: dict[int, int]
    colour: str | None


def read(caption: str) -> Reading:
    """Understand a caption in plain English; words that are no thing of the small world are passed over."""
    said = caption.lower()
    words = _WORD.findall(said)
    counts: dict[int, int] = {}
    for place, word in enumerate(words):
        noun = _ONE.get(word, _MANY.get(word))
        if noun is not None:
            counts[noun] = counts.get(noun, 0) + _number(words[:place])
    found = _COLOUR.search(said)
    return Reading({noun: count for noun, count in counts.items() if count}, found[1] if found else None)


def _number(before: Sequence[str]) -> int:
    """How many, by the last words before a thing; one where none of them is a number."""
    for word in reversed(before[-1 - REACH :]):
        if word in _NUMBERS:
            return _NUMBERS[word]
        if word in _ONE or word in _MANY or word in ("and", "with", "of", "on"):
            break
    return 1


def caption_parts(scene: Scene, caption: str) -> dict[str, Part]:
    """What one caption adds to each score."""
    said = read(caption)
    hits = len(scene.counts.keys() & said.counts.keys())
    parts = {
        "noun recall": share(hits, len(scene.counts)),
        "noun precision": share(hits, len(said.counts)),
        "set": share(scene.counts.keys() == said.counts.keys()),
        "counts": share(scene.counts == said.counts),
        "colour": share(scene.colour == said.colour),
        "word for word": share(scene.caption == caption),
    }
    return parts if scene.counts else {**parts, "no noun without a thing": share(not said.counts)}


def answer_part(truth: str, answer: str) -> Part:
    """Whether an answer is right, whatever its capitals."""
    return share(truth == answer.lower())


def caption_scores(scenes: Sequence[Scene], captions: Sequence[str]) -> Mapping[str, float]:
    """All scores of the scenes' captions."""
    return totals(caption_parts(scene, caption) for scene, caption in zip(scenes, captions, strict=True))
