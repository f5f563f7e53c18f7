"""The searches of a batch: queries are translated and embedded together, then each looks through its chat."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from vlm.engine.base import Engine
from vlm.engine.isolation import run_isolating_failures
from vlm.engine.localization import TranslationRequest, translate_texts
from vlm.errors import AfterimageError, Unsupported
from vlm.protocol import Find, Found, Hit
from vlm.search.calibration import ReferenceSet
from vlm.search.index import SearchIndex, SearchQuery
from vlm.search.ranking import Mask, RankedPhoto, find, find_similar
from vlm.search.vectors import Floats

MAX_HITS: Final = 50  # of one search: no more go into a result


@dataclass(frozen=True, slots=True)
class Search:
    """A search: for what, in which language, and in which chat's photos."""

    task: Find
    language: str
    index: SearchIndex


def run_searches(
    engine: Engine, searches: Sequence[Search], reference_set: ReferenceSet | None
) -> list[Found | AfterimageError]:
    """The result of each search, in order.

    Raises:  what `engine.check` raises, if an unexpected error has left the engine unfit for work.
    """
    queries = iter(_queries(engine, [search for search in searches if search.task.like is None]))
    pairs = [(search, None if search.task.like else next(queries)) for search in searches]
    return run_isolating_failures(
        engine, pairs, lambda pairs: [_result(search, query, reference_set) for search, query in pairs]
    )


def _queries(engine: Engine, searches: Sequence[Search]) -> list[SearchQuery]:
    requests = [TranslationRequest(search.task.query, search.language) for search in searches]
    english = [translation.text for translation in translate_texts(engine, requests)]
    vectors = _vectors(engine, english)
    return [
        SearchQuery(text=text, vector=vector, typed=search.task.query if search.task.query != text else "")
        for search, text, vector in zip(searches, english, vectors, strict=True)
    ]


def _vectors(engine: Engine, queries: Sequence[str]) -> list[Floats | None]:
    """The vector of each query, [E]; None where the engine has none, so that only words are compared."""

    def embed(batch: Sequence[str]) -> list[Floats | None]:
        try:
            return [*engine.embed_text(batch)]
        except Unsupported:
            return [None for _ in batch]

    vectors = run_isolating_failures(engine, queries, embed)
    return [None if isinstance(vector, AfterimageError) else vector for vector in vectors]


def _result(search: Search, query: SearchQuery | None, reference_set: ReferenceSet | None) -> Found:
    task, index = search.task, search.index
    offset, limit, among = max(0, task.offset), max(0, min(task.limit, MAX_HITS)), matching(index, task)
    if query is not None:
        ranked = find(index, query, reference_set, offset=offset, limit=limit, among=among)
    else:
        ranked = find_similar(index, task.like or "", reference_set, offset=offset, limit=limit, among=among)
    return Found(
        hits=tuple(_hit(photo) for photo in ranked.hits),
        total=ranked.total,
        nearest=_hit(ranked.nearest) if ranked.nearest else None,
    )


def matching(index: SearchIndex, task: Find) -> Mask:
    """Which photos of an index are of the period and the sender that the task names: [N]."""
    columns = index.columns
    mask: Mask = columns.timestamp >= task.since_ms
    if task.until_ms:
        mask &= columns.timestamp < task.until_ms
    if task.sender:
        mask &= columns.sender == task.sender
    return mask


def _hit(photo: RankedPhoto) -> Hit:
    return Hit(photo=photo.id, score=photo.score, words=photo.words, copies=photo.copies)
