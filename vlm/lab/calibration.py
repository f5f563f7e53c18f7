"""Fit the cut-off of a search, and test whether it says 'nothing' when there is nothing.

    N pictures, Q vectors of each, E their width, S queries

The pictures are dealt into three: a background, which is kept with the checkpoint; galleries to fit the rule
on; galleries to report on, with other queries. A gallery is like one person's chat: some dozens of pictures.
Each query is asked twice: of a gallery with pictures that fit, and of one without its object.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlm.background import Background

Truth = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Encoded pictures and queries with the truth.

    vectors         [N, Q, E]
    texts           the model's own captions of the pictures: what a chat would remember
    queries         English
    query_vectors   [S, E]
    fits            [S, N] which picture answers which query
    related         [S, N] which pictures must be away for the query's object to be absent; at least `fits`
    """

    vectors: NDArray[Any]
    texts: Sequence[str]
    queries: Sequence[str]
    query_vectors: NDArray[np.float32]
    fits: Truth
    related: Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """The absent-query test: shares of queries.

    found     present ones with a fitting picture among the hits (the miss rate is 1 - found)
    first     present ones whose best hit fits
    nothing   absent ones answered by nothing (the false-hit rate is 1 - nothing)
    """

    found: float
    first: float
    nothing: float
    present: int
    absent: int


def fit(
    material: Material, *, revision: str, gallery: int = 100, bank: int = 128, seed: int = 0
) -> tuple[Background, Absent]:
    """A background with its rule, and how it does on queries and pictures that it was not fitted on.

    Raises:  BadRequest for too few pictures or queries.
    """
    raise NotImplementedError


def absent_test(
    material: Material, background: Background | None, *, gallery: int = 100, seed: int = 0
) -> Absent:
    """Search galleries drawn from the material as a person's chat is searched."""
    raise NotImplementedError
