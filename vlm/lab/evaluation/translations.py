"""Translations against parallel lines: chrF, BLEU and exact share, for each direction."""

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from vlm.errors import AfterimageError
from vlm.lab.evaluation.captions import ScoredExamples
from vlm.lab.evaluation.examples import Example
from vlm.lab.evaluation.items import EvaluationItem
from vlm.lab.evaluation.predictions import Prediction, timed
from vlm.lab.evaluation.statistics import bleu_statistics, chrf_statistics, corpus_scores, ratio
from vlm.lab.scores.bleu import bleu
from vlm.lab.scores.chrf import chrf

Translate = Callable[[Sequence[str], str, str], Sequence[str]]  # texts, from, to


def predict_translations(
    translate: Translate, items: Sequence[EvaluationItem], batch: int
) -> Iterator[list[Prediction]]:
    """Translations, `batch` texts of one direction at once."""
    for direction, group in groupby(sorted(items, key=_direction), key=_direction):
        group_items = list(group)
        for start in range(0, len(group_items), batch):
            yield _batch(translate, group_items[start : start + batch], direction)


def _batch(translate: Translate, items: Sequence[EvaluationItem], direction: str) -> list[Prediction]:
    begun_s = time.perf_counter()
    source, target = _languages(direction)
    try:
        texts = translate([item.prompt for item in items], source, target)
    except AfterimageError as error:
        return [Prediction(id=item.id, error=str(error)) for item in items]
    predictions = [Prediction(id=item.id, text=text) for item, text in zip(items, texts, strict=True)]
    return timed(predictions, begun_s)


def _direction(item: EvaluationItem) -> str:
    return item.kind.split()[0]


def _languages(direction: str) -> tuple[str, str]:
    """From and to; one of them is English, the other may be 'pt-br'."""
    if direction.startswith("en-"):
        return "en", direction.removeprefix("en-")
    return direction.removesuffix("-en"), "en"


def score_translations(items: Sequence[EvaluationItem], translations: Sequence[str]) -> ScoredExamples:
    """Examples, scores by name, and notes about the metrics."""
    by_direction: dict[str, list[tuple[str, str]]] = {}
    for item, text in zip(items, translations, strict=True):
        by_direction.setdefault(_direction(item), []).append((text, item.references[0]))
    scores: dict[str, float] = {}
    notes: tuple[str, ...] = ()
    for direction, pairs in sorted(by_direction.items()):
        texts, references = [text for text, _ in pairs], [reference for _, reference in pairs]
        chrf_score, bleu_score = (
            chrf(texts, references),
            bleu(texts, [[reference] for reference in references]),
        )
        scores[f"exact, {direction}"] = sum(text == reference for text, reference in pairs) / len(pairs)
        scores[f"chrF, {direction}"] = chrf_score.score
        scores[f"BLEU, {direction}"] = bleu_score.scores[-1]
        notes = (f"chrF: sacrebleu, {chrf_score.signature}", f"BLEU: sacrebleu, {bleu_score.signature}")
    examples = [_example(item, text) for item, text in zip(items, translations, strict=True)]
    by_kind = corpus_scores(
        {name: part for name, part in example.parts.items() if example.kind in name} for example in examples
    )
    return (
        examples,
        {**scores, **{name: by_kind[name] for name in sorted(by_kind.keys() - scores.keys())}},
        notes,
    )


def _example(item: EvaluationItem, translation: str) -> Example:
    reference = item.references[0]
    similarity, direction = chrf([translation], [reference]).score, _direction(item)
    return Example(
        id=item.id,
        unit=item.unit,
        prompt=item.prompt,
        kind=item.kind,
        references=item.references,
        prediction=translation,
        score=similarity + (translation == reference),
        mark="exactly" if translation == reference else f"chrF {similarity:.2f}",
        parts={
            f"exact, {item.kind}": ratio(translation == reference),
            f"exact, {direction}": ratio(translation == reference),
            f"chrF, {direction}": chrf_statistics(translation, reference),
            f"BLEU, {direction}": bleu_statistics(translation, [reference])["BLEU-4"],
        },
    )
