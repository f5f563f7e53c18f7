"""One chat's photos, ready to be searched: vectors side by side, and which photo has which word.

    N photos, Q vectors of each, E their width

Photos may come, change and go; each keeps its place until then, and a free place is given to the next one.
Limits: with 32 vectors of 256 numbers each, 10,000 photos take 330 MB.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import log
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vlm.search.calibration import FEWEST, UNFITTED, WORDS_ONLY, Floats, ReferenceSet, Rule, usual
from vlm.search.stemming import terms
from vlm.search.vectors import BLOCK, Blocks, flat, similarities

Places = NDArray[np.intp]

TELLING: Final = (
    8  # vectors of a picture that tell what is like it: better than all 36 of the small model, and faster
)
TEXT_BYTES: Final = 1000  # about what a photo takes besides its vectors


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """What search knows of a photo.

    vectors   [Q, E], each of norm 1, of the model that reads the query; None: only the words can be found
    text      its caption, and whatever else people said of it
    own       what of that its owner wrote: whatever a model sees, the photo is what they say
    digest    of the picture's bytes: equal ones are one photo
    at        when it came: the latest of near-identical ones stands for them, of one time that of the last id
    sender    who sent it
    """

    id: str
    vectors: NDArray[Any] | None
    text: str = ""
    own: str = ""
    digest: str = ""
    at: float = 0
    sender: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What somebody looks for.

    text     in English
    vector   of that, [E]; None: only words are compared
    typed    the same as it was typed, in another language; all of its words must be there to count
    """

    text: str
    vector: Floats | None
    typed: str = ""


@dataclass(frozen=True, slots=True)
class Measures:
    """Of each photo, [N] each. `own`: its owner wrote all of the query's words."""

    similarity: Floats
    spread: Floats
    words: Floats
    own: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Columns:
    """One row for each place, free ones included: [places].

    here    whether a photo is there      row   where its vectors are in the blocks, -1: nowhere
    number  in its id: photos that came together are told apart by it
    """

    here: NDArray[np.bool_]
    row: Places
    at: NDArray[np.float64]
    number: NDArray[np.int64]
    sender: NDArray[np.int64]


class SearchIndex:
    """Of one id, the last photo counts. N is the number of places: one for each photo, and the free ones."""

    def __init__(self, photos: Iterable[Photo] = ()) -> None:
        self._photos: list[Photo | None] = []  # without their vectors, which lie in blocks
        self._place: dict[str, int] = {}  # of an id
        self._rows: list[int] = []  # of a place: where its vectors are, -1: nowhere
        self._at: list[float] = []  # of a place
        self._number: list[int] = []  # of a place
        self._sender: list[int] = []  # of a place
        self._free: list[int] = []  # places
        self._free_rows: list[int] = []
        self._blocks = Blocks()
        self._words: dict[str, set[int]] = {}  # of a word: the places that have it
        self._own: dict[str, set[int]] = {}  # likewise, of owners' words
        for photo in photos:
            self.put(photo)

    def __len__(self) -> int:
        return len(self._place)

    @property
    def photos(self) -> tuple[Photo, ...]:
        """Those that are here, without their vectors."""
        return tuple(photo for photo in self._photos if photo)

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(self._place)

    @property
    def nbytes(self) -> int:
        """About what it takes in memory."""
        return self._blocks.nbytes + TEXT_BYTES * len(self._photos)

    def put(self, photo: Photo) -> None:
        """A photo that came, or came to be another."""
        self.drop(photo.id)
        if self._free:
            place = self._free.pop()
        else:
            place = len(self._photos)
            self._photos.append(None)
            self._rows.append(-1)
            self._at.append(0)
            self._number.append(0)
            self._sender.append(0)
        self._photos[place] = replace(photo, vectors=None)
        self._at[place], self._number[place] = photo.at, _number(photo.id)
        self._sender[place] = photo.sender
        self._place[photo.id] = place
        for word in terms(photo.text):
            self._words.setdefault(word, set()).add(place)
        for word in terms(photo.own):
            self._own.setdefault(word, set()).add(place)
        if photo.vectors is not None and self._blocks.fits(photo.vectors):
            row = self._free_rows.pop() if self._free_rows else len(self._blocks)
            self._blocks.put(row, photo.vectors)
            self._rows[place] = row
        self.__dict__.pop("columns", None)

    def drop(self, id: str) -> None:
        """A photo that went; none is harmless."""
        place = self._place.pop(id, None)
        photo = self._photos[place] if place is not None else None
        if place is None or photo is None:
            return
        for word in terms(photo.text):
            self._words[word].discard(place)
        for word in terms(photo.own):
            self._own[word].discard(place)
        if self._rows[place] >= 0:
            self._blocks.clear(self._rows[place])
            self._free_rows.append(self._rows[place])
        self._photos[place], self._rows[place] = None, -1
        self._free.append(place)
        self.__dict__.pop("columns", None)

    @cached_property
    def columns(self) -> Columns:
        """What is compared of every photo; made anew after a change."""
        here = np.ones(len(self._photos), bool)
        here[self._free] = False
        return Columns(
            here=here,
            row=np.array(self._rows, np.intp),
            at=np.array(self._at, np.float64),
            number=np.array(self._number, np.int64),
            sender=np.array(self._sender, np.int64),
        )

    def photo(self, place: int) -> Photo:
        """The photo at a place. Raises KeyError for a free one."""
        photo = self._photos[place]
        if photo is None:
            raise KeyError(place)
        return photo

    def place(self, id: str) -> int | None:
        """Where a photo is."""
        return self._place.get(id)

    def measure(self, query: Query, reference_set: ReferenceSet | None) -> Measures:
        """How well each photo answers the query."""
        similarity, spread = np.zeros((2, len(self._photos)), np.float32)
        seen, rows = self._seen()
        if query.vector is not None and len(seen):
            found = self._blocks.nearest(query.vector)[rows]
            similarity[seen] = found
            if reference_set is not None:
                spread[seen] = _above(found, reference_set.usual(query.vector))
            elif len(seen) >= FEWEST:
                spread[seen] = _above(found, usual(found))
        words = self._shares(query.text, reference_set)
        if query.typed:
            whole = self._shares(query.typed, reference_set)
            words = np.where(whole > 0.999, 1.0, words).astype(np.float32)
        return Measures(similarity, spread, words, self._owned(query.text) | self._owned(query.typed))

    def like(self, place: int, reference_set: ReferenceSet | None) -> Measures:
        """How well each photo answers the one at a place, which must have vectors."""
        similarity, spread = np.zeros((2, len(self._photos)), np.float32)
        seen, rows = self._seen()
        (vectors,) = self._blocks.at(self.columns.row[[place]])  # [Q, E]
        crowd = self._blocks.at(rows[:BLOCK])  # some of them say what is usual
        telling = _telling(
            vectors, *(reference_set.flat if reference_set else (flat(crowd), len(crowd)))
        )  # [K, E]
        found = self._blocks.nearest(telling)[rows]
        similarity[seen] = found
        if reference_set is not None:
            spread[seen] = _above(found, usual(similarities(*reference_set.flat, telling)))
        elif len(seen) > FEWEST:
            spread[seen] = _above(found, usual(found[seen != place]))
        return Measures(similarity, spread, np.zeros_like(spread), np.zeros(len(spread), bool))

    def vectors(self, places: Places) -> Floats:
        """Of photos that have some: [n, Q, E]."""
        return self._blocks.at(self.columns.row[places])

    def rule(self, reference_set: ReferenceSet | None) -> Rule:
        """The fitted rule, or one of thumb: by words alone where too few pictures say what is usual."""
        if reference_set is not None:
            return reference_set.facts.rule
        return UNFITTED if len(self._seen()[0]) >= FEWEST else WORDS_ONLY

    def has(self, place: int, query: Query) -> tuple[str, ...]:
        """The words of a query that a photo's text has, as the query writes them."""
        english, typed = (
            tuple(word for stem, word in terms(text).items() if place in self._words.get(stem, ()))
            for text in (query.text, query.typed)
        )
        return typed if typed and len(typed) == len(terms(query.typed)) else english

    def _seen(self) -> tuple[Places, Places]:
        """The places of photos with vectors, and the rows of those."""
        rows = self.columns.row
        places = np.flatnonzero(rows >= 0)
        return places, rows[places]

    def _owned(self, text: str) -> NDArray[np.bool_]:
        """Whose owners wrote all words of `text`: [N]."""
        owned = np.zeros(len(self._photos), bool)
        if found := [self._own.get(word, set()) for word in terms(text)]:
            owned[list(set.intersection(*found))] = True
        return owned

    def _shares(self, text: str, reference_set: ReferenceSet | None) -> Floats:
        """The share of the words of `text` that each photo has, by their weight: [N], 0 to 1."""
        weights = self._weights(text, reference_set)
        shares = np.zeros(len(self._photos), np.float32)
        for word, weight in weights.items():
            shares[list(self._words.get(word, ()))] += weight / sum(weights.values())
        return shares

    def _weights(self, text: str, reference_set: ReferenceSet | None) -> dict[str, float]:
        known: Mapping[str, int] = reference_set.facts.words if reference_set else {}
        texts = len(self) if reference_set is None else reference_set.facts.texts
        counts = {
            word: known.get(word, 0) if reference_set else len(self._words.get(word, ()))
            for word in terms(text)
        }
        return {word: log((texts + 1) / (count + 0.5)) for word, count in counts.items()}


def _number(id: str) -> int:
    """Of a message's id, or of a file's name; 0: none."""
    return int(re.sub("[^0-9]", "", id)[-18:] or 0)


def _telling(vectors: Floats, crowd: Floats, pictures: int) -> Floats:
    """The vectors of a picture that come about as near to every other picture: what only it shows.

    Where the nearness varies, many have it: a colour of the background, an edge.
    """
    products = vectors @ crowd.T  # [Q, M * Q]
    variation = products.reshape(len(vectors), pictures, -1).max(axis=2).std(axis=1)  # [Q]
    return vectors[np.argsort(variation)[:TELLING]]


def _above(found: Floats, usual: tuple[float, float]) -> Floats:
    mean, deviation = usual
    above: Floats = (found - mean) / deviation
    return above
