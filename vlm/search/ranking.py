"""Search in one chat's photos that can also find nothing: exact, without a model, without torch.

    N slots, Q vectors of each photo, E their width

A photo answers a query by its picture and by its words:

    similarity   of the query's vector with the nearest of the picture's Q vectors: one matrix product
    z_score      the similarity in standard deviations of the query's baseline (`vlm.search.calibration`)
    words        the share of the query's words that its text has, rare words counting more: 0 to 1

A fitted rule weighs them, and one cut-off serves all queries. Where a photo's owner wrote all of the query's
words, the words decide. Near-identical photos are one hit: the latest. A photo can be the query, too: then
pictures are compared with pictures in the same way.

Limits: 10,000 photos take some 20 ms.
Not handled: synonyms among the words (the vectors know some), queries that say what must not be there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vlm.search.calibration import WORDS_ONLY, ReferenceSet
from vlm.search.index import Measures, SearchIndex, SearchQuery, Slots
from vlm.search.vectors import Floats

IDENTICAL: Final = 0.985  # mean similarity of two pictures' vectors, one by one: the same photo, sent twice
FEW: Final = 4  # of a picture's vectors, which suffice to tell most other pictures apart
ROUNDING: Final = 0.01  # of vectors that were stored as fp16
MAX_GROUPED: Final = 200  # hits that are compared with one another
SIMILAR_Z_SCORE: Final = 2.75  # from which on a picture is similar to another (docs/search.md)
IDENTICAL_WEIGHT: Final = 100.0  # of the similarity above IDENTICAL, as evidence

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedPhoto:
    """A photo, and why it matches.

    score        0 to 1; above a half it is a hit
    similarity   of the picture with the query, -1 to 1
    z_score      the similarity in standard deviations of the baseline
    words        the query's words that its text has
    copies       ids of older near-identical photos, which it represents
    """

    id: str
    score: float
    similarity: float
    z_score: float
    words: tuple[str, ...]
    copies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedPhotos:
    """Hits, best first; without hits, `nearest` is an offer, or None if there are no photos.

    `total` counts hits before offset and limit; near-identical photos count once.
    """

    hits: tuple[RankedPhoto, ...] = ()
    total: int = 0
    nearest: RankedPhoto | None = None


def find(
    index: SearchIndex,
    query: SearchQuery,
    reference_set: ReferenceSet | None,
    *,
    limit: int = 10,
    offset: int = 0,
    among: Mask | None = None,
) -> RankedPhotos:
    """The photos that the query means, best first, or none; of those that `among` [N] selects.

    Without a reference set, the baseline is that of the index itself, with a rule of thumb. A photo without
    vectors is found by its words.
    """
    measures = index.measure(query, reference_set)
    by_words = WORDS_ONLY(measures.z_score, measures.similarity, measures.words)
    if query.vector is None:
        evidence = by_words
    else:
        by_rule = index.rule(reference_set)(measures.z_score, measures.similarity, measures.words)
        evidence = np.where(index.columns.row >= 0, by_rule, by_words)
        evidence = np.where(measures.owner_wrote, np.maximum(evidence, by_words), evidence)
    return _Ranker(index, query, measures, evidence).ranked(_searched(index, among), offset, limit)


def find_similar(
    index: SearchIndex,
    id: str,
    reference_set: ReferenceSet | None,
    *,
    limit: int = 10,
    offset: int = 0,
    among: Mask | None = None,
) -> RankedPhotos:
    """The photos that are similar to one of the index, without that one; best first, or none.

    Their similarity stands out from the baseline: of the reference set, or else of the index; or they are
    nearly identical. Without a reference set, fewer than 16 photos give no baseline, and only near-identity
    counts.
    """
    slot = index.slot_of(id)
    if slot is None or index.columns.row[slot] < 0:
        return RankedPhotos()
    measures = index.measure_similar(slot, reference_set)
    others = (index.columns.row >= 0) & (np.arange(len(measures.z_score)) != slot)
    identical = IDENTICAL_WEIGHT * (measures.similarity - IDENTICAL)
    evidence = np.maximum(measures.z_score - SIMILAR_Z_SCORE, identical)
    ranker = _Ranker(index, SearchQuery(text="", vector=None), measures, evidence)
    return ranker.ranked(_searched(index, among) & others, offset, limit)


def _searched(index: SearchIndex, among: Mask | None) -> Mask:
    used = index.columns.used
    return used if among is None else used & among


@dataclass(frozen=True, slots=True)
class _Ranker:
    """Ranks an index's photos by the evidence for them, [N]; above 0, a photo is a hit."""

    index: SearchIndex
    query: SearchQuery
    measures: Measures
    evidence: Floats

    def ranked(self, searched: Mask, offset: int, limit: int) -> RankedPhotos:
        groups = self._groups(self._sorted(np.flatnonzero(searched & (self.evidence > 0))))
        hits = tuple(self._photo(group) for group in groups[offset : offset + limit])
        if groups:
            return RankedPhotos(hits=hits, total=len(groups))
        with_vectors = searched & (self.index.columns.row >= 0)  # without vectors, a photo is near to nothing
        candidates = with_vectors if with_vectors.any() else searched
        best = self._sorted(np.flatnonzero(candidates))[:1].tolist()
        return RankedPhotos(nearest=self._photo(best) if best else None)

    def _sorted(self, slots: Slots) -> Slots:
        """Best first, among equals the latest."""
        columns = self.index.columns
        return slots[np.lexsort((-columns.number[slots], -columns.timestamp[slots], -self.evidence[slots]))]

    def _groups(self, slots: Slots) -> list[list[int]]:
        """Slots of hits, grouped with their near-identical ones, best first."""
        first, rest = slots[:MAX_GROUPED], slots[MAX_GROUPED:]
        identical = _identical(self.index, first)
        groups: list[list[int]] = []  # of ranks
        for rank in range(len(first)):
            group = next((group for group in groups if identical[group[0], rank]), None)
            groups.append([rank]) if group is None else group.append(rank)
        return [[int(first[rank]) for rank in group] for group in groups] + [[int(slot)] for slot in rest]

    def _photo(self, group: Sequence[int]) -> RankedPhoto:
        timestamp, number = self.index.columns.timestamp, self.index.columns.number
        latest, *copies = sorted(group, key=lambda slot: (timestamp[slot], number[slot]), reverse=True)
        return RankedPhoto(
            id=self.index.photo(latest).id,
            score=1 / (1 + exp(-float(np.clip(self.evidence[group[0]], -50, 50)))),
            similarity=float(self.measures.similarity[latest]),
            z_score=float(self.measures.z_score[latest]),
            words=self.index.matched_words(latest, self.query),
            copies=tuple(self.index.photo(slot).id for slot in copies),
        )


def _identical(index: SearchIndex, slots: Slots) -> Mask:
    """Which of some photos are the same photo, sent twice: [n, n]."""
    digests = [index.photo(int(slot)).digest for slot in slots]
    numbers: dict[str, int] = {}
    numbered = np.array(
        [numbers.setdefault(digest, rank) if digest else -1 - rank for rank, digest in enumerate(digests)]
    )
    identical: Mask = numbered[:, None] == numbered[None, :]
    with_vectors = np.flatnonzero(index.columns.row[slots] >= 0)
    if len(with_vectors) > 1:
        identical[np.ix_(with_vectors, with_vectors)] |= _nearly_equal(index.vectors(slots[with_vectors]))
    return identical


def _nearly_equal(vectors: Floats) -> Mask:
    """Which pictures have nearly equal vectors, one by one: [n, Q, E] -> [n, n].

    No product is above 1. So if the mean of all Q is IDENTICAL, the mean of a few is at most Q / few times as
    far below 1. Most pictures differ more in the few, and need not be compared in full.
    """
    few = vectors[:, :FEW]
    share = few.shape[1] / vectors.shape[1]
    candidates = _mean_products(few) >= 1 - (1 - IDENTICAL) / share - ROUNDING
    rows = np.flatnonzero(candidates.sum(axis=1) > 1)  # each is a candidate for itself
    equal: Mask = np.eye(len(vectors), dtype=bool)
    equal[np.ix_(rows, rows)] = _mean_products(vectors[rows]) >= IDENTICAL
    return equal


def _mean_products(vectors: Floats) -> Floats:
    """The mean of the products of each two pictures' vectors, one by one: [n, Q, E] -> [n, n]."""
    pictures, count, width = vectors.shape
    flat = vectors.reshape(pictures, count * width)
    products: Floats = flat @ flat.T / count
    return products
