"""Searches of a batch: queries become English and vectors together, then each looks through its own album."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from vlm.engine.base import Engine
from vlm.errors import AfterimageError, Unsupported
from vlm.protocol import Find, Found, Hit
from vlm.search import ranking as search
from vlm.search.calibration import Floats, ReferenceSet
from vlm.search.index import Query, SearchIndex
from vlm.search.ranking import Mask
from vlm.text.languages import ENGLISH, code_of
from vlm.text.translation import Wanted, translated
from vlm.worker.batch import run_isolating_failures

MOST: Final = 50  # hits of one search: so much goes into a result


class Search(NamedTuple):
    """What somebody wants to find, in which language, and where."""

    task: Find
    language: str
    album: SearchIndex


def run_searches(
    engine: Engine, searches: Sequence[Search], reference_set: ReferenceSet | None
) -> list[Found | AfterimageError]:
    """What is found, in order. Raises what `engine.check` raises, if an error has left the engine unfit."""
    typed = [one for one in searches if one.task.like is None]
    queries = iter(_queries(engine, typed))
    asked = [(one, None if one.task.like else next(queries)) for one in searches]
    return run_isolating_failures(
        engine, asked, lambda some: [_found(one, query, reference_set) for one, query in some]
    )


def _queries(engine: Engine, searches: Sequence[Search]) -> list[Query]:
    english = translated(engine, [Wanted(one.task.query, one.language) for one in searches])
    vectors = _vectors(engine, [one.text for one in english])
    return [
        Query(text=said.text, vector=vector, typed=_typed(one, said.text))
        for one, said, vector in zip(searches, english, vectors, strict=True)
    ]


def _typed(one: Search, english: str) -> str:
    foreign = code_of(one.language) not in ("", ENGLISH)
    return one.task.query if foreign and one.task.query != english else ""


def _vectors(engine: Engine, queries: Sequence[str]) -> list[Floats | None]:
    """Of each query, [E]; None where the engine has none: then words decide."""

    def embed(some: Sequence[str]) -> list[Floats | None]:
        try:
            return [*engine.embed_text(some)]
        except Unsupported:
            return [None for _ in some]

    found = run_isolating_failures(engine, queries, embed)
    return [None if isinstance(one, AfterimageError) else one for one in found]


def _found(one: Search, query: Query | None, reference_set: ReferenceSet | None) -> Found:
    task, album = one.task, one.album
    limits = {"offset": max(0, task.offset), "limit": max(0, min(task.limit, MOST))}
    if query is not None:
        found = search.find(album, query, reference_set, among=among(album, task), **limits)
    else:
        found = search.find_like(album, task.like or "", reference_set, among=among(album, task), **limits)
    return Found(
        hits=tuple(_hit(hit) for hit in found.hits),
        total=found.total,
        nearest=_hit(found.nearest) if found.nearest else None,
    )


def among(album: SearchIndex, task: Find) -> Mask:
    """Which of an album's photos are of the time and the person that are asked for."""
    columns = album.columns
    wanted: Mask = columns.at >= task.since_ms
    if task.until_ms:
        wanted &= columns.at < task.until_ms
    if task.sender:
        wanted &= columns.sender == task.sender
    return wanted


def _hit(hit: search.Hit) -> Hit:
    return Hit(photo=hit.id, score=hit.score, words=hit.words, copies=hit.others)
