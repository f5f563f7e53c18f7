"""Search in one chat's photos that can also say 'nothing': exact, without a model, without torch.

    N photos, Q vectors of each, E their width

A photo answers a query by its picture and by its words:

    similarity   of the query's vector with the nearest of the picture's Q vectors: one matrix product
    spread       how far that stands out from what is usual for this query (`vlm.background`)
    words        how many of the query's words its text has, rare words counting more: 0 to 1

A fitted rule weighs them, and one cut-off serves all queries. Near-identical photos are one hit: the latest.
Limits: 10,000 photos take some 20 ms and, with 32 vectors of 256 numbers each, 330 MB while they are kept.
Not handled: synonyms among the words (the vectors know some), queries that say what must not be there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vlm.background import (
    FEWEST,
    UNFITTED,
    WORDS_ONLY,
    Background,
    Floats,
    Rule,
    similarities,
    usual,
)
from vlm.words import all_terms, terms

ALIKE: Final = 0.985  # mean similarity of two pictures' vectors, place by place: one photo sent twice
COLLAPSED: Final = 200  # hits that are compared with one another


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """What search knows of a photo.

    vectors   [Q, E], each of norm 1, of the model that reads the query; None: only the words can be found
    text      its caption, and whatever else people said of it, in English
    digest    of the picture's bytes: equal ones are one photo
    at        when it came: the latest of near-identical ones stands for them
    """

    id: str
    vectors: NDArray[Any] | None
    text: str = ""
    digest: str = ""
    at: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What somebody looks for: English words, and their vector [E]."""

    text: str
    vector: Floats


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

    `total` counts hits before the limit, near-identical ones once.
    """

    hits: tuple[Hit, ...] = ()
    total: int = 0
    nearest: Hit | None = None


@dataclass(frozen=True, slots=True)
class Measures:
    """Of each photo, [N] each."""

    similarity: Floats
    spread: Floats
    words: Floats


class Album:
    """Photos, ready to be searched: make it once, search it often. Of one id, the last counts."""

    def __init__(self, photos: Sequence[Photo]) -> None:
        self.photos = tuple({photo.id: photo for photo in photos}.values())
        self._seen = [place for place, photo in enumerate(self.photos) if photo.vectors is not None]
        self._flat = _flat([self.photos[place].vectors for place in self._seen])
        self._places = _places(all_terms(photo.text for photo in self.photos))

    def measure(self, query: Query, background: Background | None) -> Measures:
        """How well each photo answers the query."""
        similarity, spread = np.zeros((2, len(self.photos)), np.float32)
        if self._seen:
            found = similarities(self._flat, len(self._seen), query.vector)
            similarity[self._seen] = found
            spread[self._seen] = _spread(found, query.vector, background)
        return Measures(similarity, spread, self._words(query.text, background))

    def rule(self, background: Background | None) -> Rule:
        """The fitted rule, or one of thumb: by words alone where too few pictures say what is usual."""
        if background is not None:
            return background.facts.rule
        return UNFITTED if len(self._seen) >= FEWEST else WORDS_ONLY

    def _words(self, text: str, background: Background | None) -> Floats:
        """The share of the query's words that each photo has, by their weight: [N], 0 to 1."""
        weights = self._weights(text, background)
        shares = np.zeros(len(self.photos), np.float32)
        for word, weight in weights.items():
            shares[self._places.get(word, [])] += weight / sum(weights.values())
        return shares

    def _weights(self, text: str, background: Background | None) -> dict[str, float]:
        known: Mapping[str, int] = background.facts.words if background else {}
        texts = len(self.photos) if background is None else background.facts.texts
        counts = {
            word: known.get(word, 0) if background else len(self._places.get(word, ()))
            for word in terms(text)
        }
        return {word: log((texts + 1) / (count + 0.5)) for word, count in counts.items()}

    def same(self, one: int, other: int) -> bool:
        """Whether two photos are one that was sent twice."""
        a, b = self.photos[one], self.photos[other]
        if a.digest and a.digest == b.digest:
            return True
        if a.vectors is None or b.vectors is None:
            return False
        products = a.vectors.astype(np.float32) * b.vectors.astype(np.float32)  # [Q, E]
        return float(products.sum(axis=1).mean()) >= ALIKE

    def has(self, place: int, text: str) -> tuple[str, ...]:
        """The words of a query that a photo's text has, as the query writes them."""
        return tuple(word for stem, word in terms(text).items() if place in self._places.get(stem, ()))


def find(album: Album, query: Query, background: Background | None, *, limit: int = 10) -> Found:
    """The photos that are meant, best first, or none.

    Without a background, what is usual is taken from the album itself, by a rule of thumb.
    """
    if not album.photos:
        return Found()
    measures = album.measure(query, background)
    rule = album.rule(background)
    evidence = rule(measures.spread, measures.similarity, measures.words)  # [N]
    later = np.array([photo.at for photo in album.photos])
    order = [int(place) for place in np.lexsort((-later, -evidence))]
    groups = _groups(album, [place for place in order if evidence[place] > 0])
    hits = [_hit(album, query, measures, evidence, group) for group in groups[:limit]]
    nearest = None if hits else _hit(album, query, measures, evidence, order[:1])
    return Found(hits=tuple(hits), total=len(groups), nearest=nearest)


def _groups(album: Album, places: Sequence[int]) -> list[list[int]]:
    """Hits with their near-identical ones, best first."""
    groups: list[list[int]] = []
    for rank, place in enumerate(places):
        if rank < COLLAPSED:
            group = next((group for group in groups if album.same(group[0], place)), None)
            if group is not None:
                group.append(place)
                continue
        groups.append([place])
    return groups


def _hit(album: Album, query: Query, measures: Measures, evidence: Floats, group: Sequence[int]) -> Hit:
    shown, *others = sorted(group, key=lambda place: album.photos[place].at, reverse=True)
    return Hit(
        id=album.photos[shown].id,
        score=1 / (1 + exp(-float(np.clip(evidence[group[0]], -50, 50)))),
        similarity=float(measures.similarity[shown]),
        spread=float(measures.spread[shown]),
        words=album.has(shown, query.text),
        others=tuple(album.photos[place].id for place in others),
    )


def _spread(found: Floats, query: Floats, background: Background | None) -> Floats:
    if background is None and len(found) < FEWEST:
        return np.zeros_like(found)
    mean, deviation = background.usual(query) if background else usual(found)
    return (found - mean) / deviation


def _flat(vectors: Sequence[NDArray[Any] | None]) -> Floats:
    """All vectors under one another, [N * Q, E], in fp32: numpy multiplies halves a hundred times slower."""
    given = [each.astype(np.float32) for each in vectors if each is not None]
    return np.concatenate(given) if given else np.zeros((0, 0), np.float32)


def _places(terms_of: Sequence[frozenset[str]]) -> dict[str, list[int]]:
    """Which photos have which word."""
    places: dict[str, list[int]] = {}
    for place, words in enumerate(terms_of):
        for word in words:
            places.setdefault(word, []).append(place)
    return places
