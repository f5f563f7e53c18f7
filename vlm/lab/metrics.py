"""Scores of captions and answers against the truth of a drawn scene. Pure.

Scores of a caption:

    noun recall, noun precision    kinds of things named, over all kinds shown (or named)
    set                            the caption names exactly the kinds that are there
    counts                         the same, and all numbers are right
    colour                         the background's colour is right, or none is named where there is none
    no noun without a thing        of pictures that are empty or show what has no name here: no noun is named

Each is a statistic that sums up over scenes (`vlm.lab.evaluation.statistics`).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vlm.lab.evaluation.statistics import Statistics, corpus_scores, ratio
from vlm.lab.scenes import Scene
from vlm.lab.vocabulary import COLOUR_NAMES, NOUNS, NUMBERS

_SINGULARS = {kind.name: noun for noun, kind in enumerate(NOUNS)}
_PLURALS = {kind.plural: noun for noun, kind in enumerate(NOUNS)}
_NUMBERS = {"a": 1, "an": 1, **{word: number for number, word in enumerate(NUMBERS)}}
_WORD = re.compile(r"[a-z]+")
_COLOUR = re.compile(rf"\b({'|'.join(COLOUR_NAMES)}) background")
REACH = 2  # words between a thing and its number: 'three small black cats'


@dataclass(frozen=True, slots=True)
class ParsedCaption:
    """What a caption says: number of each noun, and the background's colour."""

    counts: dict[int, int]
    colour: str | None


def parse_caption(caption: str) -> ParsedCaption:
    """Parse a caption in plain English; words that name nothing of the vocabulary are ignored."""
    text = caption.lower()
    words = _WORD.findall(text)
    counts: dict[int, int] = {}
    for place, word in enumerate(words):
        noun = _SINGULARS.get(word, _PLURALS.get(word))
        if noun is not None:
            counts[noun] = counts.get(noun, 0) + _number(words[:place])
    colour = _COLOUR.search(text)
    return ParsedCaption(
        {noun: count for noun, count in counts.items() if count}, colour[1] if colour else None
    )


def _number(before: Sequence[str]) -> int:
    """How many, by the last words before a thing; one where none of them is a number."""
    for word in reversed(before[-1 - REACH :]):
        if word in _NUMBERS:
            return _NUMBERS[word]
        if word in _SINGULARS or word in _PLURALS or word in ("and", "with", "of", "on"):
            break
    return 1


def caption_statistics(scene: Scene, caption: str) -> dict[str, Statistics]:
    """What one caption adds to each score."""
    parsed = parse_caption(caption)
    hits = len(scene.counts.keys() & parsed.counts.keys())
    parts = {
        "noun recall": ratio(hits, len(scene.counts)),
        "noun precision": ratio(hits, len(parsed.counts)),
        "set": ratio(scene.counts.keys() == parsed.counts.keys()),
        "counts": ratio(scene.counts == parsed.counts),
        "colour": ratio(scene.colour == parsed.colour),
        "word for word": ratio(scene.caption == caption),
    }
    return parts if scene.counts else {**parts, "no noun without a thing": ratio(not parsed.counts)}


def answer_statistics(truth: str, answer: str) -> Statistics:
    """Whether an answer is right, whatever its capitals."""
    return ratio(truth == answer.lower())


def caption_scores(scenes: Sequence[Scene], captions: Sequence[str]) -> Mapping[str, float]:
    """All scores of the scenes' captions."""
    return corpus_scores(
        caption_statistics(scene, caption) for scene, caption in zip(scenes, captions, strict=True)
    )
