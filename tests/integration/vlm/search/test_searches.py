"""Searches through the worker: this chat's photos only, in its language, the right ones or none."""

import asyncio
import time
from collections.abc import Sequence

import numpy as np
import pytest
from redis.asyncio import Redis
from support.queue_examples import picture
from support.worker_examples import found, refusal, results, said, working

from vlm.engine.base import Vectors
from vlm.engine.echo import EchoEngine
from vlm.errors import OutOfMemory, Unsupported
from vlm.memory import Memory, Photo, Searchable
from vlm.protocol import Found, Result
from vlm.queue.client import Client
from vlm.search.calibration import Calibration, ReferenceSet, Rule

CHAT, OTHER = 5, 6
COLOURS = ["red", "green", "blue", "yellow", "white", "black"]


@pytest.fixture
def client(redis: Redis) -> Client:
    return Client(redis, chat_max=50)


async def send(client: Client, redis: Redis, colours: Sequence[str], chat: int = CHAT) -> None:
    """Photos of these colours, id 1 and on, one a minute, seen by a worker."""
    for id, colour in enumerate(colours, 1):
        photo = Photo(id=str(id), file_id="f", sender=id % 2, created_ms=60_000 * id)
        await Memory(redis).remember(chat, photo)
        data = picture(colour, 40 + id, 30)
        await client.caption(job=f"{chat}-{id}", chat=chat, photo=str(id), picture=data)
    async with working(redis, EchoEngine()):
        await results(redis, *(f"{chat}-{id}" for id in range(1, len(colours) + 1)))


async def search(client: Client, redis: Redis, engine: EchoEngine | None = None, **task: object) -> Result:
    await client.find(job="f", chat=CHAT, **task)  # type: ignore[arg-type]
    async with working(redis, engine or EchoEngine()):
        [result] = await results(redis, "f")
    return result


def photos(result: Result) -> list[str]:
    return [hit.photo for hit in found(result).hits]


async def test_what_fits_is_found_and_says_why(client: Client, redis: Redis) -> None:
    await send(client, redis, COLOURS)
    result = await search(client, redis, query=" a Blue picture! ", correlation_data="t")
    [hit] = found(result).hits
    assert (hit.photo, hit.copies, found(result).total, result.correlation_data) == ("3", (), 1, "t")
    assert hit.score > 0.5 and hit.words == ("blue",)
    assert result.photo is None and found(result).nearest is None


async def test_what_nothing_fits_finds_nothing_and_offers_the_nearest(client: Client, redis: Redis) -> None:
    await send(client, redis, COLOURS)
    answer = found(await search(client, redis, query="my grandmother"))
    assert (answer.hits, answer.total) == ((), 0)
    assert answer.nearest is not None and answer.nearest.score < 0.5


async def test_an_empty_chat_finds_nothing(client: Client, redis: Redis) -> None:
    await send(client, redis, COLOURS, chat=OTHER)
    assert found(await search(client, redis, query="blue")) == Found()


async def test_a_query_is_understood_in_the_chats_language(client: Client, redis: Redis) -> None:
    await send(client, redis, COLOURS)
    assert photos(await search(client, redis, query="de: blue", language="de")) == ["3"]


async def test_a_note_in_the_chats_language_is_found_as_it_was_written(client: Client, redis: Redis) -> None:
    await send(client, redis, COLOURS)
    await Memory(redis).set_note(CHAT, "2", "Oma Ilse im Garten")
    result = await search(client, redis, query="oma ilse", language="zh")
    assert photos(result) == ["2"] and found(result).hits[0].words == ("oma", "ilse")


@pytest.mark.parametrize(
    ("task", "expected", "total"),
    [
        ({}, "654321", 6),
        ({"since_ms": 180_000}, "6543", 4),
        ({"until_ms": 180_000}, "21", 2),
        ({"since_ms": 120_000, "until_ms": 300_000}, "432", 3),
        ({"sender": 1}, "531", 3),
        ({"sender": 9}, "", 0),
        ({"offset": 1, "limit": 2}, "54", 6),
        ({"offset": 9}, "", 6),
    ],
)
async def test_times_people_and_pages_narrow_a_search(
    client: Client, redis: Redis, task: dict[str, int], expected: str, total: int
) -> None:
    await send(client, redis, COLOURS)
    for id in "123456":
        await Memory(redis).set_note(CHAT, id, "our trip")
    result = await search(client, redis, query="our trip", **{"limit": 9, **task})
    assert ("".join(photos(result)), found(result).total) == (expected, total)
    assert found(result).nearest is None


async def test_near_identical_photos_are_one_hit(client: Client, redis: Redis) -> None:
    await send(client, redis, ["red", "blue", "blue"])
    [hit] = found(await search(client, redis, query="blue")).hits
    assert (hit.photo, hit.copies) == ("3", ("2",))


async def test_a_photo_that_came_is_found_and_one_that_went_is_not(client: Client, redis: Redis) -> None:
    await send(client, redis, COLOURS)
    async with working(redis, EchoEngine()):
        await client.find(job="before", chat=CHAT, query="pink")
        await Memory(redis).remember(CHAT, Photo(id="9", file_id="f", created_ms=9))
        await client.caption(job="new", chat=CHAT, photo="9", picture=picture("pink"))
        await results(redis, "new", "before")
        await client.find(job="after", chat=CHAT, query="pink")
        [after] = await results(redis, "after")
        await Memory(redis).forget(CHAT, "9")
        await client.find(job="gone", chat=CHAT, query="pink")
        [gone] = await results(redis, "gone")
    assert photos(after) == ["9"] and photos(gone) == []


async def test_a_correction_is_what_is_found_from_then_on(client: Client, redis: Redis) -> None:
    await send(client, redis, COLOURS)
    await Memory(redis).set_correction(CHAT, "1", "our first balloon")
    assert photos(await search(client, redis, query="balloons")) == ["1"]


async def test_photos_like_one_are_found_but_not_itself(client: Client, redis: Redis) -> None:
    await send(client, redis, ["red", "blue", "green", "red", "white", "black", "yellow"] * 3)
    answer = found(await search(client, redis, like="1", limit=50))
    alike = {id for hit in answer.hits for id in (hit.photo, *hit.copies)}
    assert alike == {"4", "8", "11", "15", "18"}


async def test_like_a_photo_of_another_chat_finds_nothing(client: Client, redis: Redis) -> None:
    await send(client, redis, COLOURS, chat=OTHER)
    assert found(await search(client, redis, like="1")) == Found()


async def test_searches_captions_and_questions_share_a_batch(client: Client, redis: Redis) -> None:
    await send(client, redis, COLOURS)
    await client.caption(job="caption", chat=CHAT, photo=None, picture=picture("pink"), language="de")
    await client.find(job="one", chat=CHAT, query="de: blue", language="de")
    await client.ask(job="ask", chat=CHAT, photo="1", question="what?")
    await client.find(job="two", chat=OTHER, query="blue")
    await client.find(job="late", chat=CHAT, query="red", deadline_ms=1)
    await client.find(job="three", chat=CHAT, query="red")
    async with working(redis, EchoEngine(oom_above=2)):
        jobs = ["caption", "one", "ask", "two", "late", "three"]
        caption, first, ask, second, late, third = await results(redis, *jobs)
    assert said(caption).localized_text.startswith("de: a pink") and said(ask).text.startswith(
        "what? (asked of a red"
    )
    assert (photos(first), photos(second), photos(third)) == (["3"], [], ["1"])
    assert refusal(late)[0] == "timed_out"


async def test_a_search_leaves_the_memory_as_it_was(client: Client, redis: Redis) -> None:
    await send(client, redis, COLOURS)
    before = {key: await redis.dump(key) for key in await redis.keys(f"*{{{CHAT}}}*")}
    await search(client, redis, query="blue")
    assert {key: await redis.dump(key) for key in await redis.keys(f"*{{{CHAT}}}*")} == before


class Blind(EchoEngine):
    """Has no space that words and pictures share."""

    def embed_text(self, queries: Sequence[str]) -> Vectors:
        raise Unsupported("This model cannot search.")


async def test_a_model_that_cannot_search_pictures_finds_words(client: Client, redis: Redis) -> None:
    await send(client, redis, COLOURS)
    assert photos(await search(client, redis, Blind(), query="blue picture")) == ["3"]


class Tight(EchoEngine):
    """Reads one query at a time."""

    def embed_text(self, queries: Sequence[str]) -> Vectors:
        if len(queries) > 1:
            raise OutOfMemory("too many")
        return super().embed_text(queries)


async def test_queries_that_do_not_fit_together_are_read_one_by_one(client: Client, redis: Redis) -> None:
    await send(client, redis, COLOURS)
    for job in COLOURS:
        await client.find(job=job, chat=CHAT, query=job)
    async with working(redis, Tight()):
        answers = await results(redis, *COLOURS)
    assert [photos(result) for result in answers] == [[str(id)] for id in range(1, 7)]


async def test_the_models_own_calibration_decides(client: Client, redis: Redis) -> None:
    await send(client, redis, COLOURS)
    calibration = Calibration(
        revision="echo-1", rule=Rule(z_score=0, similarity=1, words=0, cut=0.9), texts=1, words={}, fitted={}
    )
    bank = ReferenceSet(calibration, np.eye(10, dtype=np.float16)[:, None])
    await client.find(job="f", chat=CHAT, query="something yellow or so")
    async with working(redis, EchoEngine(), reference_set=bank):
        [result] = await results(redis, "f")
    assert photos(result) == ["4"]


class Watched(Memory):
    """Counts how often photos were read for an index."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis)
        self.pages, self.read = 0, asyncio.Event()

    async def searchable(self, chat: int, ids: Sequence[str]) -> list[Searchable]:
        if ids:
            self.pages += 1
            self.read.set()
        return await super().searchable(chat, ids)


async def test_a_worker_reads_ahead_what_will_be_searched(client: Client, redis: Redis) -> None:
    await send(client, redis, COLOURS)
    memory = Watched(redis)
    async with working(redis, EchoEngine(), memory=memory):
        async with asyncio.timeout(60):
            await memory.read.wait()
        await client.find(job="f", chat=CHAT, query="blue")
        [result] = await results(redis, "f")
    assert (photos(result), memory.pages) == (["3"], 1)


async def test_a_search_begins_at_once_with_a_worker_that_was_started_anew(
    client: Client, redis: Redis
) -> None:
    await send(client, redis, COLOURS)
    deadline_ms = int(1000 * time.time()) + 60_000
    assert photos(await search(client, redis, query="red", deadline_ms=deadline_ms)) == ["1"]
