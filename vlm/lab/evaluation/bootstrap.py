"""Confidence intervals of scores: Efron's bootstrap, paired between runs.

Letters:  U units (pictures), R resamples, S numbers of a statistic.

A resample draws U pictures with replacement. A run's statistics are summed per picture, so a resample is a
row of counts, and all of them are one matrix product: [R, U] @ [U, S]. All runs are scored on the same
resamples, so a difference between two runs is known far better than either score.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vlm.lab.evaluation.statistics import Sums, score_of

RESAMPLES: Final = 2000
LEVEL: Final = 0.95
AT_ONCE: Final = 200  # resamples: a block of counts stays small for forty thousand pictures


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with the bounds of its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """For a difference: whether the interval excludes zero."""
        return self.low > 0 or self.high < 0


def bootstrap_scores(units: int, parts: list[Sums], seed: int) -> list[NDArray[np.float64]]:
    """The score of each run on each resample: statistics [U, S] of each run -> [R] of each."""
    rng = np.random.default_rng(seed)
    even = np.full(units, 1 / units)
    blocks: list[list[NDArray[np.float64]]] = [[] for _ in parts]
    for _ in range(0, RESAMPLES, AT_ONCE):
        counts = rng.multinomial(units, even, size=AT_ONCE).astype(np.float64)  # [AT_ONCE, U]
        for block, part in zip(blocks, parts, strict=True):
            block.append(score_of(counts @ part))
    return [np.concatenate(block) for block in blocks]


def interval(point: float, samples: NDArray[np.float64]) -> Interval:
    """The middle 95 % of the samples, around the point."""
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(samples, (tail, 1 - tail))
    return Interval(point, float(low), float(high))
