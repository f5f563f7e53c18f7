"""The share of exact translations on held-out lines."""

from collections import defaultdict
from pathlib import Path
from random import Random

from vlm.engine.checkpoints import open_translator
from vlm.engine.translate import M2M100Translator
from vlm.lab.languages.corpus import ParallelLine, lines
from vlm.lab.languages.random_words import random_word
from vlm.lab.languages.reference import Reference
from vlm.lab.languages.tables import FOREIGN, read_sentences, read_words

Scores = dict[str, dict[str, float]]
SEED = 0


def score(folder: Path, count: int) -> Scores:
    """Share of exact translations of a checkpoint on a CPU: for each direction, by kind of line."""
    translator = open_translator(str(folder), device="cpu")
    held_out = list(lines(Reference(read_words(), read_sentences()), seed=SEED, count=count))
    scores = exactness(translator, held_out)
    scores["names"] = {"passed on untouched": passed_on(translator, count // 2)}
    return scores


def exactness(translator: M2M100Translator, held_out: list[ParallelLine]) -> Scores:
    directions = [pair for code in FOREIGN for pair in (("en", code), (code, "en"))]
    return {
        f"{source} to {target}": _exact(translator, held_out, source, target) for source, target in directions
    }


def passed_on(translator: M2M100Translator, count: int) -> float:
    """Share of random words that are copied unchanged."""
    rng = Random(f"names {SEED}")
    words = [(random_word(rng), "en", rng.choice(FOREIGN)) for _ in range(count)]
    translations = translator.translate_mixed(words)
    return (
        sum(translation.text == word for translation, (word, _, _) in zip(translations, words, strict=True))
        / count
    )


def _exact(
    translator: M2M100Translator, held_out: list[ParallelLine], source: str, target: str
) -> dict[str, float]:
    translations = translator.translate([line[source] for line in held_out], source, target)
    right: dict[str, list[bool]] = defaultdict(list)
    for line, translation in zip(held_out, translations, strict=True):
        right[line["kind"]].append(translation.text == line[target])
        right["all"].append(translation.text == line[target])
    return {kind: sum(hits) / len(hits) for kind, hits in sorted(right.items())}
