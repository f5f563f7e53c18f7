"""Translations against parallel lines: chrF, BLEU and exact share, for each direction."""

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from vlm.errors import AfterimageError
from vlm.lab.evaluation.captions import Scored
from vlm.lab.evaluation.examples import Example
from vlm.lab.evaluation.items import Item
from vlm.lab.evaluation.parts import bleu_parts, chrf_parts, share, totals
from vlm.lab.evaluation.predictions import Prediction, timed
from vlm.lab.scores.bleu import bleu
from vlm.lab.scores.chrf import chrf

Translate = Callable[[Sequence[str], str, str], Sequence[str]]  # texts, from, to


def translated(translate: Translate, items: Sequence[Item], batch: int) -> Iterator[list[Prediction]]:
    """Translations, `batch` texts of one direction at once."""
    for direction, group in groupby(sorted(items, key=_direction), key=_direction):
        some = list(group)
        for start in range(0, len(some), batch):
            yield _batch(translate, some[start : start + batch], direction)


def _batch(translate: Translate, items: Sequence[Item], direction: str) -> list[Prediction]:
    begun_s = time.perf_counter()
    source, target = _ways(direction)
    try:
        said = translate([item.asked for item in items], source, target)
    except AfterimageError as error:
        return [Prediction(id=item.id, error=str(error)) for item in items]
    predictions = [Prediction(id=item.id, text=text) for item, text in zip(items, said, strict=True)]
    return timed(predictions, begun_s)


def _direction(item: Item) -> str:
    return item.kind.split()[0]


def _ways(direction: str) -> tuple[str, str]:
    """From and to; one of them is English, the other may be 'pt-br'."""
    if direction.startswith("en-"):
        return "en", direction.removeprefix("en-")
    return direction.removesuffix("-en"), "en"


def score_translations(items: Sequence[Item], said: Sequence[str]) -> Scored:
    """Examples, scores by name, and notes on how they came about."""
    by_direction: dict[str, list[tuple[str, str]]] = {}
    for item, text in zip(items, said, strict=True):
        by_direction.setdefault(_direction(item), []).append((text, item.truths[0]))
    scores: dict[str, float] = {}
    notes: tuple[str, ...] = ()
    for direction, pairs in sorted(by_direction.items()):
        texts, truths = [text for text, _ in pairs], [truth for _, truth in pairs]
        letters, words = chrf(texts, truths), bleu(texts, [[truth] for truth in truths])
        scores[f"exact, {direction}"] = sum(text == truth for text, truth in pairs) / len(pairs)
        scores[f"chrF, {direction}"] = letters.score
        scores[f"BLEU, {direction}"] = words.scores[-1]
        notes = (f"chrF: sacrebleu, {letters.signature}", f"BLEU: sacrebleu, {words.signature}")
    examples = [_example(item, text) for item, text in zip(items, said, strict=True)]
    by_kind = totals({name: part for name, part in one.parts.items() if one.kind in name} for one in examples)
    return (
        examples,
        {**scores, **{name: by_kind[name] for name in sorted(by_kind.keys() - scores.keys())}},
        notes,
    )


def _example(item: Item, said: str) -> Example:
    truth = item.truths[0]
    near, direction = chrf([said], [truth]).score, _direction(item)
    return Example(
        id=item.id,
        unit=item.unit,
        asked=item.asked,
        kind=item.kind,
        truths=item.truths,
        said=said,
        score=near + (said == truth),
        mark="exactly" if said == truth else f"chrF {near:.2f}",
        parts={
            f"exact, {item.kind}": share(said == truth),
            f"exact, {direction}": share(said == truth),
            f"chrF, {direction}": chrf_parts(said, truth),
            f"BLEU, {direction}": bleu_parts(said, [truth])["BLEU-4"],
        },
    )
