"""Search in one chat's photos that can also say 'nothing': exact, without a model, without torch.

    N photos, Q vectors of each, E their width

A photo answers a query by its picture and by its words:

    similarity   of the query's vector with the nearest of the picture's Q vectors: one matrix product
    spread       how far that stands out from what is usual for this query (`vlm.search.calibration`)
    words        how many of the query's words its text has, rare words counting more: 0 to 1

A fitted rule weighs them, and one cut-off serves all queries; where a photo's owner wrote all of the query's
words, these decide. Near-identical photos are one hit: the latest.
Another photo can be the query, too: then pictures are compared with pictures, by the same reasoning.
Limits: 10,000 photos take some 20 ms.
Not handled: synonyms among the words (the vectors know some), queries that say what must not be there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vlm.search.calibration import WORDS_ONLY, Floats, ReferenceSet
from vlm.search.index import Measures as Measures
from vlm.search.index import Photo as Photo
from vlm.search.index import Places
from vlm.search.index import Query as Query
from vlm.search.index import SearchIndex as SearchIndex

ALIKE: Final = 0.985  # mean similarity of two pictures' vectors, place by place: one photo sent twice
FEW: Final = 4  # of a picture's vectors, by which most others are told to be another
ROUNDING: Final = 0.01  # of vectors that were kept as halves
COLLAPSED: Final = 200  # hits that are compared with one another
LIKE_SPREAD: Final = 2.75  # deviations above the usual, from which on pictures are similar (docs/search.md)
SAME_WEIGHT: Final = 100.0  # of what lies above ALIKE, as evidence

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A photo, and why.

    score        0 to 1; above a half it is a hit
    similarity   of the picture with the query, -1 to 1
    spread       the same in standard deviations of what is usual for this query
    words        the query's words that its text has
    others       ids of older near-identical photos, which it stands for
    """

    id: str
    score: float
    similarity: float
    spread: float
    words: tuple[str, ...]
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Hits, best first; `nearest` is an offer where there are none, and None in an empty album.

    `total` counts hits before offset and limit, near-identical ones once.
    """

    hits: tuple[Hit, ...] = ()
    total: int = 0
    nearest: Hit | None = None


def find(
    album: SearchIndex,
    query: Query,
    reference_set: ReferenceSet | None,
    *,
    limit: int = 10,
    offset: int = 0,
    among: Mask | None = None,
) -> Found:
    """The photos that are meant, best first, or none; of those that `among` [N] lets pass.

    Without a background, what is usual is taken from the album itself, by a rule of thumb. A photo without
    vectors is found by its words.
    """
    measures = album.measure(query, reference_set)
    by_words = WORDS_ONLY(measures.spread, measures.similarity, measures.words)
    if query.vector is None:
        evidence = by_words
    else:
        rule = album.rule(reference_set)(measures.spread, measures.similarity, measures.words)
        evidence = np.where(album.columns.row >= 0, rule, by_words)
        evidence = np.where(measures.own, np.maximum(evidence, by_words), evidence)
    ranking = _Ranking(album, query, measures, evidence)
    return ranking.found(_passing(album, among), offset, limit)


def find_like(
    album: SearchIndex,
    id: str,
    reference_set: ReferenceSet | None,
    *,
    limit: int = 10,
    offset: int = 0,
    among: Mask | None = None,
) -> Found:
    """The photos that are like one of the album, which is not among them; best first, or none.

    They stand out from what is usual for that one: of the background, or else of the album; or they show
    what is all but the same. Fewer than 16 photos cannot say what is usual, and then only the latter count.
    """
    place = album.place(id)
    if place is None or album.columns.row[place] < 0:
        return Found()
    measures = album.like(place, reference_set)
    others = (album.columns.row >= 0) & (np.arange(len(measures.spread)) != place)
    same = SAME_WEIGHT * (measures.similarity - ALIKE)
    evidence = np.maximum(measures.spread - LIKE_SPREAD, same)
    ranking = _Ranking(album, Query(text="", vector=None), measures, evidence)
    return ranking.found(_passing(album, among) & others, offset, limit)


def _passing(album: SearchIndex, among: Mask | None) -> Mask:
    here = album.columns.here
    return here if among is None else here & among


@dataclass(frozen=True, slots=True)
class _Ranking:
    """The album's photos by how much speaks for them; above 0 it is a hit. `evidence` [N]."""

    album: SearchIndex
    query: Query
    measures: Measures
    evidence: Floats

    def found(self, passing: Mask, offset: int, limit: int) -> Found:
        groups = self._groups(self._order(np.flatnonzero(passing & (self.evidence > 0))))
        hits = tuple(self._hit(group) for group in groups[offset : offset + limit])
        if groups:
            return Found(hits=hits, total=len(groups))
        seen = passing & (self.album.columns.row >= 0)  # what nobody could look at is near to nothing
        best = self._order(np.flatnonzero(seen if seen.any() else passing))[:1].tolist()
        return Found(nearest=self._hit(best) if best else None)

    def _order(self, places: Places) -> Places:
        """Best first, of equal ones the latest."""
        columns = self.album.columns
        return places[np.lexsort((-columns.number[places], -columns.at[places], -self.evidence[places]))]

    def _groups(self, places: Places) -> list[list[int]]:
        """Hits with their near-identical ones, best first."""
        first, rest = places[:COLLAPSED], places[COLLAPSED:]
        same = _same(self.album, first)
        groups: list[list[int]] = []  # ranks
        for rank in range(len(first)):
            group = next((group for group in groups if same[group[0], rank]), None)
            groups.append([rank]) if group is None else group.append(rank)
        return [[int(first[rank]) for rank in group] for group in groups] + [[int(place)] for place in rest]

    def _hit(self, group: Sequence[int]) -> Hit:
        at, number = self.album.columns.at, self.album.columns.number
        shown, *others = sorted(group, key=lambda place: (at[place], number[place]), reverse=True)
        return Hit(
            id=self.album.photo(shown).id,
            score=1 / (1 + exp(-float(np.clip(self.evidence[group[0]], -50, 50)))),
            similarity=float(self.measures.similarity[shown]),
            spread=float(self.measures.spread[shown]),
            words=self.album.has(shown, self.query),
            others=tuple(self.album.photo(place).id for place in others),
        )


def _same(album: SearchIndex, places: Places) -> Mask:
    """Which of some photos are one that was sent twice: [n, n]."""
    digests = [album.photo(int(place)).digest for place in places]
    ids: dict[str, int] = {}
    named = np.array(
        [ids.setdefault(digest, rank) if digest else -1 - rank for rank, digest in enumerate(digests)]
    )
    same: Mask = named[:, None] == named[None, :]
    seen = np.flatnonzero(album.columns.row[places] >= 0)
    if len(seen) > 1:
        same[np.ix_(seen, seen)] |= _alike(album.vectors(places[seen]))
    return same


def _alike(vectors: Floats) -> Mask:
    """Which pictures nearly agree, place by place: [n, Q, E] -> [n, n].

    No product is above 1. So where the mean of all Q comes to ALIKE, that of a few misses 1 by at most
    Q / few times as much: those that differ in the few, nearly all, need not be compared in full.
    """
    few = vectors[:, :FEW]
    share = few.shape[1] / vectors.shape[1]
    maybe = _agreement(few) >= 1 - (1 - ALIKE) / share - ROUNDING
    rows = np.flatnonzero(maybe.sum(axis=1) > 1)  # each may be like itself
    alike: Mask = np.eye(len(vectors), dtype=bool)
    alike[np.ix_(rows, rows)] = _agreement(vectors[rows]) >= ALIKE
    return alike


def _agreement(vectors: Floats) -> Floats:
    """The mean of the products of two pictures' vectors, place by place: [n, Q, E] -> [n, n]."""
    pictures, places, width = vectors.shape
    flat = vectors.reshape(pictures, places * width)
    agreement: Floats = flat @ flat.T / places
    return agreement
