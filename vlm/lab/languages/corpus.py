"""Held-out parallel lines: sentences of the reference grammar in all five languages.

    {"kind": "caption", "en": "two cats on a green background", "es": ..., "de": ..., "fr": ..., "ru": ...}

Captions are those of held-out scenes. Questions, answers and search queries are drawn from a seed of their
own. Of questions with the same translation ('what's this?', 'what is this?') only the first is used, so that
each line is exact in both directions.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

from vlm.errors import BadRequest
from vlm.lab.languages.grammar import BARE, MANY
from vlm.lab.languages.pairs import PairSampler, recoverable
from vlm.lab.languages.reference import Meaning, NounGroup, Reference
from vlm.lab.languages.tables import CODES, FOREIGN
from vlm.lab.scenes import Scene, held_out_series, scene
from vlm.lab.vocabulary import NOUNS

KINDS: Final = ("caption", "question", "answer", "place", "words")
ODDS: Final = (0.5, 0.25, 0.1, 0.03, 0.12)

ParallelLine = dict[str, str]


def lines(reference: Reference, *, seed: int, count: int) -> Iterator[ParallelLine]:
    """Held-out lines; the same ones for the same seed."""
    pairs, rng, series = PairSampler(reference), Random(f"lines {seed}"), held_out_series(seed)
    for index in range(count):
        (kind,) = rng.choices(KINDS, ODDS)
        if kind == "caption":
            meaning = caption_of(reference, scene(series, index))
        else:
            meaning = next(drawn for drawn in _drawn(pairs, kind, rng) if reversible(reference, drawn))
        yield {"kind": "query" if kind == "words" else kind, **in_all_languages(reference, meaning)}


def captions(reference: Reference, *, seed: int, count: int) -> Iterator[ParallelLine]:
    """The captions of held-out scenes alone, scene by scene."""
    for index in range(count):
        meaning = caption_of(reference, scene(held_out_series(seed), index))
        yield {"kind": "caption", **in_all_languages(reference, meaning)}


def in_all_languages(reference: Reference, meaning: Meaning) -> ParallelLine:
    return {code: reference.say(meaning, code) for code in CODES}


def caption_of(reference: Reference, drawn: Scene) -> Meaning:
    """The meaning of a scene's caption; `reference.say` of it in English is the caption."""
    groups = [NounGroup(NOUNS[noun].name, count) for noun, count in drawn.counts.items()]
    if drawn.unknown:
        groups.append(NounGroup(count=drawn.unknown))
    if drawn.colour is None:
        return Meaning(reference.rows["list"][0], tuple(groups))
    if not groups:
        return Meaning(reference.by_english["an empty {shade} background"], shade=drawn.colour)
    return Meaning(reference.rows["ground"][0], tuple(groups), shade=drawn.colour)


def reversible(reference: Reference, meaning: Meaning) -> bool:
    """Whether the translation is unambiguous in every language."""
    if any(group.count == BARE or group.name for group in meaning.groups):
        return False
    for code in FOREIGN:
        if reference.owner(meaning.row, code, 0) != meaning.row:
            return False
        template = reference.sentences[meaning.row].templates[code][0]
        if recoverable(meaning, code, template) != meaning or _number_is_silent(reference, meaning, code):
            return False
    return True


def _number_is_silent(reference: Reference, meaning: Meaning, code: str) -> bool:
    """Whether plurals look like singulars: 'Eichhörnchen', 'часы'."""
    nouns = reference.lexicons[code].nouns
    plurals = [group.noun for group in meaning.groups if group.count == MANY]
    return any(nouns[noun][0]["noun"] == nouns[noun][0]["plural"] for noun in plurals)


def write_lines(path: Path, reference: Reference, *, seed: int, count: int) -> int:
    """Write held-out lines as JSONL and return their number. Raises BadRequest if the file exists."""
    if path.exists():
        raise BadRequest(f"{path} exists already; please name a new file.")
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    with unfinished.open("w", encoding="utf-8") as file:
        for line in lines(reference, seed=seed, count=count):
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    unfinished.replace(path)  # atomic: the next start would refuse half a file
    return count


def _drawn(pairs: PairSampler, kind: str, rng: Random) -> Iterator[Meaning]:
    while True:
        yield pairs.meaning(kind, rng)
