"""Scores of captions, answers and search against the truth of a drawn scene. Pure.

What is said of a caption:

    noun recall, noun precision    kinds of things named, over all kinds shown (or named)
    set                            the caption names exactly the kinds that are there
    counts                         the same, and all numbers are right
    colour                         the background's colour is right
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vlm.lab.scenes import Scene
from vlm.lab.vocabulary import COLOUR_NAMES, NOUNS, NUMBERS

_ONE = {kind.name: noun for noun, kind in enumerate(NOUNS)}
_MANY = {kind.plural: noun for noun, kind in enumerate(NOUNS)}
_NUMBERS = {"a": 1, "an": 1, **{word: number for number, word in enumerate(NUMBERS)}}
_THING = re.compile(rf"\b({'|'.join(_NUMBERS)}) (\w+)")
_COLOUR = re.compile(rf"\b({'|'.join(COLOUR_NAMES)}) background")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a caption says: number of each noun, and the background's colour."""

    counts: dict[int, int]
    colour: str | None


def read(caption: str) -> Reading:
    """Understand a caption of the lab's form; words it does not know are passed over."""
    said = caption.lower()
    counts: dict[int, int] = {}
    for number, word in _THING.findall(said):
        noun = _ONE.get(word, _MANY.get(word))
        if noun is not None:
            counts[noun] = counts.get(noun, 0) + _NUMBERS[number]
    found = _COLOUR.search(said)
    return Reading(counts, found[1] if found else None)


def caption_scores(scenes: Sequence[Scene], captions: Sequence[str]) -> dict[str, float]:
    readings = [read(caption) for caption in captions]
    pairs = list(zip(scenes, readings, strict=True))
    hits = sum(len(scene.counts.keys() & said.counts.keys()) for scene, said in pairs)
    return {
        "noun recall": hits / sum(len(scene.counts) for scene in scenes),
        "noun precision": hits / max(1, sum(len(said.counts) for said in readings)),
        "set": _share(scene.counts.keys() == said.counts.keys() for scene, said in pairs),
        "counts": _share(scene.counts == said.counts for scene, said in pairs),
        "colour": _share(scene.colour == said.colour for scene, said in pairs),
        "word for word": _share(s.caption == c for s, c in zip(scenes, captions, strict=True)),
    }


def answer_score(truths: Sequence[str], answers: Sequence[str]) -> float:
    """Share of answers that are right, whatever their capitals."""
    return _share(truth == answer.lower() for truth, answer in zip(truths, answers, strict=True))


def recall_at(similarities: NDArray[np.float32], right: NDArray[np.bool_], k: int) -> float:
    """Share of queries that have a right picture among their k most similar ones.

    Shapes:  similarities and right [queries, pictures].
    """
    best = np.argsort(-similarities, axis=1)[:, :k]
    return float(np.take_along_axis(right, best, axis=1).any(axis=1).mean())


def _share(truths: object) -> float:
    values = [bool(value) for value in truths]  # type: ignore[attr-defined]
    return sum(values) / len(values)
