"""Sufficient statistics of scores: numbers of each example that sum up, so that any sample can be scored.

    2 numbers          a share or a mean: numerator, denominator
    4, 6, 8, 10        BLEU-1 to -4: matching and all n-grams of each order, length, nearest reference's
    18                 chrF: for each of six orders, n-grams of the prediction, of the reference, of both

A median is no sum, so it has no statistics.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vlm.lab.optional_deps import import_optional

Statistics = tuple[float, ...]
StatisticsByScore = Mapping[str, Statistics]
Sums = NDArray[np.float64]

CHRF_NUMBERS: Final = 18
BETA: Final = 2.0  # chrF2: recall counts double


def ratio(right: float, of: float = 1.0) -> Statistics:
    """The statistics of a share."""
    return (float(right), float(of))


def bleu_statistics(prediction: str, references: Sequence[str]) -> dict[str, Statistics]:
    """BLEU-1 to BLEU-4 of one sentence, counted as `vlm.lab.scores.bleu` counts."""
    metric = import_optional("sacrebleu.metrics").BLEU(lowercase=True, force=True, effective_order=True)
    score = metric.sentence_score(prediction, list(references))
    lengths = (float(score.sys_len), float(score.ref_len))
    return {
        f"BLEU-{n}": (*map(float, score.counts[:n]), *map(float, score.totals[:n]), *lengths)
        for n in range(1, 5)
    }


def chrf_statistics(prediction: str, reference: str) -> Statistics:
    """chrF2 of one sentence, counted as `vlm.lab.scores.chrf` counts."""
    # no public call gives the counts: a test holds them against the public score
    [counts] = (
        import_optional("sacrebleu.metrics").CHRF()._extract_corpus_statistics([prediction], [[reference]])
    )
    return tuple(map(float, counts))


def score_of(sums: Sums) -> Sums:
    """The scores of summed statistics, by their size: [..., S] -> [...]."""
    size = sums.shape[-1]
    if size == 2:
        return _ratio(sums[..., 0], sums[..., 1])
    return _chrf(sums) if size == CHRF_NUMBERS else _bleu(sums, (size - 2) // 2)


def corpus_scores(parts: Iterable[StatisticsByScore]) -> Mapping[str, float]:
    """The scores of all examples, in order of first appearance."""
    sums: dict[str, Sums] = {}
    for statistics in parts:
        for name, part in statistics.items():
            sums[name] = sums.get(name, 0.0) + np.array(part)
    return {name: float(score_of(total)) for name, total in sums.items()}


def _ratio(top: Sums, bottom: Sums) -> Sums:
    """0 where there is nothing to divide by."""
    return np.divide(top, bottom, out=np.zeros_like(top), where=bottom != 0)


def _bleu(sums: Sums, order: int) -> Sums:
    """sacrebleu's, with its 'exp' smoothing: the k-th order without a hit counts as 2^-k of a hit."""
    right, total = sums[..., :order], sums[..., order : 2 * order]
    none = (right == 0) & (total > 0)
    hits = np.where(none, 0.5 ** np.cumsum(none, axis=-1), right)
    precision = _ratio(hits, total)
    prediction, nearest = sums[..., -2], sums[..., -1]
    brevity = np.where(prediction < nearest, np.exp(1 - _ratio(nearest, np.maximum(prediction, 1))), 1.0)
    whole = (precision > 0).all(axis=-1) & (right > 0).any(axis=-1)
    with np.errstate(divide="ignore"):
        means: Sums = np.exp(np.log(precision).mean(axis=-1))
    return np.where(whole, brevity * means, 0.0)


def _chrf(sums: Sums) -> Sums:
    """Mean precision and recall over the orders that both sides have, then their F-score."""
    prediction, true, both = (sums[..., start::3] for start in range(3))
    there = (prediction > 0) & (true > 0)
    orders = np.maximum(1, there.sum(axis=-1))
    precision = np.where(there, _ratio(both, prediction), 0).sum(axis=-1) / orders
    recall = np.where(there, _ratio(both, true), 0).sum(axis=-1) / orders
    return _ratio((1 + BETA**2) * precision * recall, BETA**2 * precision + recall)
