"""Ranks of the first correct picture (or text) of a search: recall at k and median rank.

T texts, P pictures. similarities [T, P] and right [T, P] serve text to image;
similarities.T and right.T serve image to text, where each picture has several right captions.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

CUTS = (1, 5, 10)


def first_right(similarities: NDArray[np.float32], right: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The rank of each row's best right entry, 1 for the top.

    A tie counts against the entry, and so does NaN: a constant similarity must not score.
    Shapes:  both [queries, candidates] -> [queries].
    Raises:  ValueError for a row without a right entry: whether 'nothing' is found is another score.
    """
    if similarities.shape != right.shape or not right.any(axis=1).all():
        raise ValueError("ranks need similarities and truths of one shape, and a right entry in every row")
    return np.array(
        [_rank(row, truth) for row, truth in zip(similarities, right, strict=True)], dtype=np.int64
    )


def _rank(row: NDArray[np.float32], truth: NDArray[np.bool_]) -> int:
    best = np.nan_to_num(row[truth], nan=-np.inf).max()
    return 1 + int(np.count_nonzero(~(row[~truth] < best)))


def recall_at(ranks: Sequence[int] | NDArray[np.int64], k: int) -> float:
    """Share of queries whose first right entry is among the top k."""
    return float(np.mean(np.asarray(ranks) <= k))


def median_rank(ranks: Sequence[int] | NDArray[np.int64]) -> float:
    """The median of the ranks; between two ranks, their mean."""
    return float(np.median(np.asarray(ranks)))
