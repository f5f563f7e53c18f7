"""The search index of one chat: the vectors of its photos, and which photo has which word.

    N slots, Q vectors of each photo, E their width

Photos can be added, changed and removed. A photo keeps its slot, and a free slot is reused.
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

from vlm.search.calibration import (
    MIN_PICTURES,
    UNFITTED,
    WORDS_ONLY,
    ReferenceSet,
    Rule,
    baseline,
)
from vlm.search.stemming import terms
from vlm.search.vectors import BLOCK, Floats, VectorBlocks, flat, similarities

Slots = NDArray[np.intp]

# Vectors of a picture that are compared with others: better than all 36 of the small model, and faster.
DISTINCTIVE: Final = 8
TEXT_BYTES: Final = 1000  # about what a photo takes besides its vectors


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedPhoto:
    """A photo as search knows it.

    vectors     [Q, E], each of norm 1, of the model that embeds the query; None: only words are compared
    text        its caption, and whatever people wrote about it
    owner_text  the part of `text` that its owner wrote, which counts more than what a model sees
    digest      of the picture's bytes: photos of the same digest are near-identical
    timestamp   when it came: the latest of near-identical photos represents them, or else the last id
    sender      who sent it
    """

    id: str
    vectors: NDArray[Any] | None
    text: str = ""
    owner_text: str = ""
    digest: str = ""
    timestamp: float = 0
    sender: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuery:
    """What a user looks for.

    text     in English
    vector   of `text`, [E]; None: only words are compared
    typed    the query as it was typed in another language; its words count only if a photo has all of them
    """

    text: str
    vector: Floats | None
    typed: str = ""


@dataclass(frozen=True, slots=True)
class Measures:
    """How well each photo answers a query, [N] each.

    similarity   of the query's vector with the nearest of the photo's
    z_score      the similarity in standard deviations of the baseline
    words        the share of the query's words that the photo's text has
    owner_wrote  its owner wrote all of the query's words
    """

    similarity: Floats
    z_score: Floats
    words: Floats
    owner_wrote: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PhotoColumns:
    """One row for each slot, free slots included: [N].

    used    whether a photo is in the slot
    row     of its vectors in the blocks, -1: none
    number  in its id: orders photos of the same timestamp
    """

    used: NDArray[np.bool_]
    row: Slots
    timestamp: NDArray[np.float64]
    number: NDArray[np.int64]
    sender: NDArray[np.int64]


class SearchIndex:
    """Photos by id. N is the number of slots: one for each photo, and the free ones."""

    def __init__(self, photos: Iterable[IndexedPhoto] = ()) -> None:
        self._photos: list[IndexedPhoto | None] = []  # of a slot, without their vectors
        self._slots: dict[str, int] = {}  # of an id
        self._rows: list[int] = []  # of a slot: the row of its vectors, -1: none
        self._timestamps: list[float] = []  # of a slot
        self._numbers: list[int] = []  # of a slot
        self._senders: list[int] = []  # of a slot
        self._free_slots: list[int] = []
        self._free_rows: list[int] = []
        self._vectors = VectorBlocks()
        self._words: dict[str, set[int]] = {}  # of a word: the slots whose text has it
        self._owner_words: dict[str, set[int]] = {}  # the same for owners' texts
        for photo in photos:
            self.add(photo)

    def __len__(self) -> int:
        return len(self._slots)

    @property
    def photos(self) -> tuple[IndexedPhoto, ...]:
        """The photos, without their vectors."""
        return tuple(photo for photo in self._photos if photo)

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(self._slots)

    @property
    def nbytes(self) -> int:
        """About the memory in use."""
        return self._vectors.nbytes + TEXT_BYTES * len(self._photos)

    def add(self, photo: IndexedPhoto) -> None:
        """Add a photo, or replace the one of the same id."""
        self.remove(photo.id)
        slot = self._free_slot()
        self._photos[slot] = replace(photo, vectors=None)
        self._timestamps[slot], self._numbers[slot] = photo.timestamp, _number(photo.id)
        self._senders[slot] = photo.sender
        self._slots[photo.id] = slot
        for word in terms(photo.text):
            self._words.setdefault(word, set()).add(slot)
        for word in terms(photo.owner_text):
            self._owner_words.setdefault(word, set()).add(slot)
        if photo.vectors is not None and self._vectors.fits(photo.vectors):
            row = self._free_rows.pop() if self._free_rows else len(self._vectors)
            self._vectors.set(row, photo.vectors)
            self._rows[slot] = row
        self.__dict__.pop("columns", None)

    def remove(self, id: str) -> None:
        """Remove a photo, if it is there."""
        slot = self._slots.pop(id, None)
        photo = self._photos[slot] if slot is not None else None
        if slot is None or photo is None:
            return
        for word in terms(photo.text):
            self._words[word].discard(slot)
        for word in terms(photo.owner_text):
            self._owner_words[word].discard(slot)
        if self._rows[slot] >= 0:
            self._vectors.clear(self._rows[slot])
            self._free_rows.append(self._rows[slot])
        self._photos[slot], self._rows[slot] = None, -1
        self._free_slots.append(slot)
        self.__dict__.pop("columns", None)

    @cached_property
    def columns(self) -> PhotoColumns:
        """What is compared of each photo; computed again after a change."""
        used = np.ones(len(self._photos), bool)
        used[self._free_slots] = False
        return PhotoColumns(
            used=used,
            row=np.array(self._rows, np.intp),
            timestamp=np.array(self._timestamps, np.float64),
            number=np.array(self._numbers, np.int64),
            sender=np.array(self._senders, np.int64),
        )

    def photo(self, slot: int) -> IndexedPhoto:
        """The photo in a slot. Raises KeyError for a free slot."""
        photo = self._photos[slot]
        if photo is None:
            raise KeyError(slot)
        return photo

    def slot_of(self, id: str) -> int | None:
        """The slot of a photo, if it is there."""
        return self._slots.get(id)

    def measure(self, query: SearchQuery, reference_set: ReferenceSet | None) -> Measures:
        """How well each photo answers the query."""
        similarity, z_score = np.zeros((2, len(self._photos)), np.float32)
        slots, rows = self._with_vectors()
        if query.vector is not None and len(slots):
            nearest = self._vectors.nearest(query.vector)[rows]
            similarity[slots] = nearest
            if reference_set is not None:
                z_score[slots] = _z_scores(nearest, reference_set.baseline(query.vector))
            elif len(slots) >= MIN_PICTURES:
                z_score[slots] = _z_scores(nearest, baseline(nearest))
        words = self._word_shares(query.text, reference_set)
        if query.typed:
            whole = self._word_shares(query.typed, reference_set)
            words = np.where(whole > 0.999, 1.0, words).astype(np.float32)
        return Measures(
            similarity, z_score, words, self._owner_wrote(query.text) | self._owner_wrote(query.typed)
        )

    def measure_similar(self, slot: int, reference_set: ReferenceSet | None) -> Measures:
        """How similar each photo is to the one in `slot`, which must have vectors."""
        similarity, z_score = np.zeros((2, len(self._photos)), np.float32)
        slots, rows = self._with_vectors()
        [vectors] = self._vectors.rows(self.columns.row[[slot]])  # [Q, E]
        others = self._vectors.rows(rows[:BLOCK])  # enough photos for a baseline
        distinctive = _distinctive(
            vectors, *(reference_set.flat if reference_set else (flat(others), len(others)))
        )  # [K, E]
        nearest = self._vectors.nearest(distinctive)[rows]
        similarity[slots] = nearest
        if reference_set is not None:
            z_score[slots] = _z_scores(nearest, baseline(similarities(*reference_set.flat, distinctive)))
        elif len(slots) > MIN_PICTURES:
            z_score[slots] = _z_scores(nearest, baseline(nearest[slots != slot]))
        return Measures(similarity, z_score, np.zeros_like(z_score), np.zeros(len(z_score), bool))

    def vectors(self, slots: Slots) -> Floats:
        """The vectors of photos that have some: [n, Q, E]."""
        return self._vectors.rows(self.columns.row[slots])

    def rule(self, reference_set: ReferenceSet | None) -> Rule:
        """The fitted rule, or a rule of thumb: words alone if there are too few pictures for a baseline."""
        if reference_set is not None:
            return reference_set.calibration.rule
        return UNFITTED if len(self._with_vectors()[0]) >= MIN_PICTURES else WORDS_ONLY

    def matched_words(self, slot: int, query: SearchQuery) -> tuple[str, ...]:
        """The words of a query that a photo's text has, as the query writes them."""
        english, typed = (
            tuple(word for stem, word in terms(text).items() if slot in self._words.get(stem, ()))
            for text in (query.text, query.typed)
        )
        return typed if typed and len(typed) == len(terms(query.typed)) else english

    def _free_slot(self) -> int:
        if self._free_slots:
            return self._free_slots.pop()
        self._photos.append(None)
        self._rows.append(-1)
        self._timestamps.append(0)
        self._numbers.append(0)
        self._senders.append(0)
        return len(self._photos) - 1

    def _with_vectors(self) -> tuple[Slots, Slots]:
        """The slots of photos with vectors, and the rows of the vectors."""
        rows = self.columns.row
        slots = np.flatnonzero(rows >= 0)
        return slots, rows[slots]

    def _owner_wrote(self, text: str) -> NDArray[np.bool_]:
        """Which photos' owners wrote all words of `text`: [N]."""
        mask = np.zeros(len(self._photos), bool)
        if slots := [self._owner_words.get(word, set()) for word in terms(text)]:
            mask[list(set.intersection(*slots))] = True
        return mask

    def _word_shares(self, text: str, reference_set: ReferenceSet | None) -> Floats:
        """The share of the words of `text` that each photo has, by their weight: [N], 0 to 1."""
        weights = self._weights(text, reference_set)
        shares = np.zeros(len(self._photos), np.float32)
        for word, weight in weights.items():
            shares[list(self._words.get(word, ()))] += weight / sum(weights.values())
        return shares

    def _weights(self, text: str, reference_set: ReferenceSet | None) -> dict[str, float]:
        known: Mapping[str, int] = reference_set.calibration.words if reference_set else {}
        texts = len(self) if reference_set is None else reference_set.calibration.texts
        counts = {
            word: known.get(word, 0) if reference_set else len(self._words.get(word, ()))
            for word in terms(text)
        }
        return {word: log((texts + 1) / (count + 0.5)) for word, count in counts.items()}


def _number(id: str) -> int:
    """The number in a message's id or a file's name; 0: none."""
    return int(re.sub("[^0-9]", "", id)[-18:] or 0)


def _distinctive(vectors: Floats, others: Floats, pictures: int) -> Floats:
    """The vectors of a picture that are about equally near to all other pictures: what only it shows. [K, E]

    A vector whose nearness varies shows what many pictures have, such as a background colour or an edge.
    """
    products = vectors @ others.T  # [Q, M * Q]
    variation = products.reshape(len(vectors), pictures, -1).max(axis=2).std(axis=1)  # [Q]
    return vectors[np.argsort(variation)[:DISTINCTIVE]]


def _z_scores(similarities: Floats, baseline: tuple[float, float]) -> Floats:
    mean, deviation = baseline
    scores: Floats = (similarities - mean) / deviation
    return scores
