"""What is forgotten is gone from every key of the server, and no late or repeated message brings it back."""

import asyncio

import pytest
from redis.asyncio import Redis
from support.memory_examples import CHAT, OTHER, array, everything_said, fill, names, photo
from support.queue_examples import end_leases, picture, until

from bot.state.keys import CHAT_KEYS
from vlm import keys
from vlm.errors import Poisoned
from vlm.memory import Memory, Preferences
from vlm.protocol import Answered, Ask, Job, Result, Turn, decode_job, decode_result, encode
from vlm.queue.broker import Broker
from vlm.queue.client import Client
from vlm.queue.connection import connect
from vlm.queue.server import Server
from vlm.queue.streams import Attempt

MANY = 10_000
MARK = f"forgotten:{{{CHAT}}}"  # ids and a number, for a day


async def write_as_a_worker(memory: Memory, id: str) -> list[bool]:
    """All that a job in flight does at its end, and the bot with its result."""
    return [
        await memory.set_caption(CHAT, id, caption="late", revision="r1"),
        await memory.store_vectors(CHAT, id, array()),
        await memory.store_tokens(CHAT, id, array()),
        await memory.add_turn(CHAT, id, job="late", turn=Turn(question="q", answer="a"), at_ms=1),
        await memory.link(CHAT, 99, id),
        await memory.set_correction(CHAT, id, "late"),
        await memory.set_note(CHAT, id, "late"),
    ]


async def test_a_forgotten_photo_is_gone_with_all_that_belongs_to_it(redis: Redis, memory: Memory) -> None:
    await fill(memory, CHAT, "20")
    before = await names(redis), await everything_said(redis)
    await fill(memory, CHAT, "10")
    assert await memory.forget(CHAT, "10")
    assert await names(redis) == before[0] | {MARK}
    assert b" 10" not in await everything_said(redis)
    assert await memory.changed_since(CHAT, 0) == ["20"]
    assert await memory.photo_of(CHAT, 10) is await memory.photo_of(CHAT, 11) is None
    assert await memory.photo_of(CHAT, 21) == "20"
    assert not await memory.forget(CHAT, "10")


async def test_a_message_that_led_elsewhere_since_is_not_forgotten_with_a_photo(memory: Memory) -> None:
    await fill(memory, CHAT, "10", "20")
    await memory.link(CHAT, 11, "20")
    await memory.forget(CHAT, "10")
    assert await memory.photo_of(CHAT, 11) == "20"


async def test_forgetting_the_photos_one_by_one_leaves_no_key_of_them(redis: Redis, memory: Memory) -> None:
    await fill(memory, CHAT, "10", "20")
    await memory.forget(CHAT, "10")
    await memory.forget(CHAT, "20")
    assert await names(redis) == {f"chat:{{{CHAT}}}", MARK}
    assert await memory.version(CHAT) == 0


async def test_a_forgotten_chat_leaves_nothing_and_takes_nothing_else_along(
    redis: Redis, memory: Memory
) -> None:
    await fill(memory, OTHER, "10", "20")
    before = await everything_said(redis)
    await fill(memory, CHAT, *(str(n) for n in range(10, 1000, 3)))
    await redis.hset(f"said:{{{CHAT}}}", "10", "11")  # what the bot's outbox notes
    assert await memory.forget_chat(CHAT) == 330
    assert await redis.unlink(MARK) == 1
    assert await everything_said(redis) == before
    assert await memory.preferences(CHAT) == Preferences()


async def test_what_stays_for_a_day_are_ids_and_numbers(redis: Redis, memory: Memory) -> None:
    await fill(memory, CHAT, "10", "20")
    await memory.forget(CHAT, "10")
    await memory.forget_chat(CHAT)
    assert await names(redis) == {MARK}
    assert await redis.hgetall(MARK) == {b"10": b"", b"": b"20000020"}
    assert 0 < await redis.ttl(MARK) <= 24 * 3600


async def test_ten_thousand_photos_are_forgotten_to_the_last_key(own_server: Server) -> None:
    async with connect(own_server.url) as redis:
        memory = Memory(redis, chat_keys=CHAT_KEYS)
        for start in range(1, MANY, 250):
            ids = [str(n) for n in range(start, start + 250)]
            await asyncio.gather(*(memory.remember(CHAT, photo(id)) for id in ids))
        await fill(memory, CHAT, "5", str(MANY))
        assert await memory.count(CHAT) == MANY
        assert await memory.forget_chat(CHAT) == MANY
        assert await names(redis) == {MARK}


async def test_forgetting_nothing_is_harmless(redis: Redis, memory: Memory) -> None:
    assert await memory.forget_chat(CHAT) == 0
    assert not await memory.forget(CHAT, "10")
    assert await memory.expire(CHAT, 10**15) == await memory.sweep(10**15) == 0
    assert await names(redis) == set()


# Nothing brings it back.


async def test_a_job_in_flight_writes_nothing_about_a_forgotten_photo(redis: Redis, memory: Memory) -> None:
    await fill(memory, CHAT, "10")
    await memory.forget_chat(CHAT)
    assert not any(await write_as_a_worker(memory, "10"))
    assert await names(redis) == {MARK}


async def test_nothing_is_written_while_a_chat_is_being_forgotten(redis: Redis, memory: Memory) -> None:
    await fill(memory, CHAT, "10")
    await redis.rename(f"photos:{{{CHAT}}}", f"forgetting:{{{CHAT}}}")  # as after the first step
    before = await everything_said(redis)
    assert not any(await write_as_a_worker(memory, "10"))
    assert await everything_said(redis) == before


@pytest.mark.parametrize("whole", [False, True])
async def test_an_old_update_that_comes_again_does_not_bring_a_photo_back(
    redis: Redis, memory: Memory, whole: bool
) -> None:
    await fill(memory, CHAT, "10")
    await (memory.forget_chat(CHAT) if whole else memory.forget(CHAT, "10"))
    before = await names(redis)
    assert not await memory.remember(CHAT, photo("10"))
    assert await names(redis) == before
    assert await memory.remember(CHAT, photo("12"))
    assert [photo.id for photo in await memory.recent(CHAT, 5)] == ["12"]


async def test_an_update_from_before_the_forgetting_that_comes_late_is_forgotten_too(memory: Memory) -> None:
    await fill(memory, CHAT, "10")
    await memory.forget_chat(CHAT)
    assert not await memory.remember(CHAT, photo("9"))
    assert await memory.remember(CHAT, photo("11", created_ms=10_000))  # in the same second, but after it


async def test_what_came_after_a_moment_is_not_forgotten_with_what_came_before(
    redis: Redis, memory: Memory
) -> None:
    await fill(memory, CHAT, "10", "20")
    await memory.remember(CHAT, photo("30", arrival_us=5_000_001))
    await memory.link(CHAT, 31, "30")
    assert await memory.forget_chat(CHAT, 5_000_000) == 2
    assert await memory.ids(CHAT) == ["30"]
    assert await memory.photo_of(CHAT, 31) == "30"
    assert await memory.photo_of(CHAT, 11) is None
    texts = await everything_said(redis)
    assert not [word for word in (b"note 10", b"caption 20", b"question 10") if word in texts]
    assert await memory.preferences(CHAT) == Preferences()
    assert not await memory.remember(CHAT, photo("20"))
    assert await memory.forget_chat(CHAT, 5_000_001) == 1
    assert await names(redis) == {MARK}


QUEUED = (("old", "30", 5000), ("gone", "10", 5001), ("new", "30", 5001), ("bare", None, 6000))


async def test_of_what_is_queued_only_that_from_before_a_moment_is_forgotten(
    redis: Redis, memory: Memory
) -> None:
    await memory.remember(CHAT, photo("10"))
    await memory.remember(CHAT, photo("30", arrival_us=5_000_001))
    for stream, field in (
        (keys.JOB_STREAMS["interactive"], "job"),
        (keys.DEAD_LETTERS(), "job"),
        (keys.results_key(), "result"),
    ):
        for n, (name, of, ms) in enumerate(QUEUED, 1):
            told = Result(job=name, chat=CHAT, photo=of, task=Ask(question=name), outcome=Answered(text=name))
            data = encode(told if field == "result" else job(name, of))
            await redis.xadd(stream, {field: data}, id=f"{ms}-{n}")
    await memory.forget_chat(CHAT, 5_000_000)
    for stream in (keys.JOB_STREAMS["interactive"], keys.DEAD_LETTERS(), keys.results_key()):
        left = [next(iter(fields.values())) for _, fields in await redis.xrange(stream)]
        assert [name for name in (b"old", b"gone", b"new", b"bare") if any(name in one for one in left)] == [
            b"new",
            b"bare",
        ]


async def test_another_chat_may_have_a_photo_of_the_same_id(memory: Memory) -> None:
    await fill(memory, CHAT, "10")
    await memory.forget_chat(CHAT)
    assert await memory.remember(OTHER, photo("10"))


# Cut short, or twice at once.


async def test_what_a_crash_left_is_removed_by_the_next_forgetting(redis: Redis, memory: Memory) -> None:
    await fill(memory, CHAT, "10", "20")
    await redis.rename(f"photos:{{{CHAT}}}", f"forgetting:{{{CHAT}}}")
    await fill(memory, CHAT, "30")
    assert await memory.forget_chat(CHAT) == 3
    assert await names(redis) == {MARK}


async def test_what_a_crash_left_is_removed_by_the_next_sweep(redis: Redis, memory: Memory) -> None:
    await fill(memory, CHAT, "10", "20")
    await redis.rename(f"photos:{{{CHAT}}}", f"forgetting:{{{CHAT}}}")
    await memory.sweep(0)
    kept = {f"{kind}:{{{CHAT}}}" for kind in ("chat", "messages", "changes")}  # the first step removes these
    assert await names(redis) == kept


async def test_two_may_forget_a_chat_at_once(redis: Redis, memory: Memory) -> None:
    await fill(memory, CHAT, *(str(n) for n in range(100, 600)))
    await asyncio.gather(memory.forget_chat(CHAT), Memory(redis, chat_keys=CHAT_KEYS).forget_chat(CHAT))
    assert await names(redis) == {MARK}


# What the queue holds.


def job(id: str, photo: str | None, chat: int = CHAT) -> Job:
    return Job(id=id, chat=chat, task=Ask(question=f"question {id}"), photo=photo, created_ms=1)


async def test_pictures_on_their_way_and_dead_letters_are_forgotten_too(
    redis: Redis, client: Client, memory: Memory
) -> None:
    for chat, id in [(CHAT, "10"), (CHAT, "20"), (OTHER, "10")]:
        await memory.remember(chat, photo(id))
        await client.caption(job=f"{chat}-{id}", chat=chat, photo=id, picture=picture())
        await redis.xadd(
            keys.DEAD_LETTERS(), {"job": encode(job(f"dead {chat}-{id}", id, chat)), "code": "poisoned"}
        )
    await redis.xadd(keys.DEAD_LETTERS(), {"job": b"not a job", "code": "protocol"})

    async def left() -> list[tuple[int, str]]:
        texts = await everything_said(redis)
        return [
            (chat, id)
            for chat, id in [(CHAT, "10"), (CHAT, "20"), (OTHER, "10")]
            if keys.PICTURE(chat=chat, job=f"{chat}-{id}").encode() in texts
            or f"dead {chat}-{id}".encode() in texts
        ]

    await memory.forget(CHAT, "10")
    assert await left() == [(CHAT, "20"), (OTHER, "10")]
    await memory.forget_chat(CHAT)
    assert await left() == [(OTHER, "10")]
    assert await redis.exists(keys.PICTURE(chat=OTHER, job=f"{OTHER}-10"))


# Ageing.


async def test_old_photos_expire_and_the_rest_stays(redis: Redis, memory: Memory) -> None:
    await fill(memory, CHAT, *(str(n) for n in range(100, 400)))
    await fill(memory, OTHER, "10", "250")
    assert await memory.expire(CHAT, 250_000) == 150
    assert await memory.ids(CHAT) == [str(n) for n in range(250, 400)]
    assert await memory.ids(OTHER) == ["10", "250"]
    assert b" 249" not in await everything_said(redis)
    assert await memory.photo_of(CHAT, 250) == "250"


async def test_a_sweep_goes_through_all_chats_and_leaves_what_people_chose(
    redis: Redis, memory: Memory
) -> None:
    chats = [-1001, -5, 1, 2, 3]
    for chat in chats:
        await fill(memory, chat, "10", "20")
    old, new = (encode(job(id, "10")) for id in ("old", "new"))
    await redis.xadd(keys.DEAD_LETTERS(), {"job": old}, id="9000-1")
    await redis.xadd(keys.DEAD_LETTERS(), {"job": new}, id="20000-1")
    assert await memory.sweep(15_000) == len(chats)
    assert [await memory.ids(chat) for chat in chats] == [["20"]] * len(chats)
    assert [fields[b"job"] for _, fields in await redis.xrange(keys.DEAD_LETTERS())] == [new]
    assert await memory.sweep(10**15) == len(chats)
    assert await names(redis) == {keys.DEAD_LETTERS(), *(f"chat:{{{chat}}}" for chat in chats)}


async def test_open_jobs_of_a_forgotten_chat_end_in_nothing_even_in_a_workers_hands(redis: Redis) -> None:
    client, broker = Client(redis), Broker(redis, name="w")
    await broker.open()
    await client.ask(job="held", chat=CHAT, photo=None, question="a secret?", picture=picture())
    [delivery] = await broker.take(1, 0)
    await client.ask(job="waits", chat=CHAT, photo=None, question="a secret?", picture=picture())
    await client.ask(job="theirs", chat=OTHER, photo=None, question="another?", picture=picture())
    await Memory(redis).forget_chat(CHAT)
    assert b"a secret?" not in await everything_said(redis)
    ended = Result(job="held", chat=CHAT, task=delivery.job.task, outcome=Answered(text="late"))
    assert not await broker.finish(delivery, ended)
    assert b"late" not in await everything_said(redis)
    assert await redis.hgetall(keys.OPEN_JOBS_BY_CHAT()) == {str(OTHER).encode(): b"1"}
    assert await client.position("held") is await client.position("waits") is None
    assert [taken.job.id for taken in await broker.take(8, 0)] == ["theirs"]


async def test_an_open_job_of_a_forgotten_chat_that_then_fails_leaves_no_letter(redis: Redis) -> None:
    client, broker = Client(redis), Broker(redis, name="w", deliveries=1)
    await broker.open()
    await client.ask(job="held", chat=CHAT, photo=None, question="a secret?", picture=picture())
    await client.ask(job="theirs", chat=OTHER, photo=None, question="another?", picture=picture())
    held, theirs = await broker.take(2, 0)
    await Memory(redis).forget_chat(CHAT)

    async def buried() -> bool:
        await end_leases(redis)
        assert await broker.reclaim() is None
        return await redis.xlen(keys.DEAD_LETTERS()) == 1

    await until(buried)
    await broker._dead_letter(
        Attempt(held.entry, 2), Poisoned("too late")
    )  # by a worker that stood still meanwhile
    [(_, letter)] = await redis.xrange(keys.DEAD_LETTERS())
    assert decode_job(letter[b"job"]) == theirs.job
    assert [decode_result(told[b"result"]).job for _, told in await redis.xrange(keys.results_key())] == [
        "theirs"
    ]
    assert b"a secret?" not in await everything_said(redis)


async def test_results_that_were_not_shown_yet_are_forgotten_with_their_chat(redis: Redis) -> None:
    for chat in (CHAT, OTHER):
        told = Result(
            job=f"{chat}-1", chat=chat, task=Ask(question="q"), outcome=Answered(text=f"told {chat}")
        )
        await redis.xadd(keys.results_key(), {"result": encode(told)})
    await Memory(redis, chat_keys=CHAT_KEYS).forget_chat(CHAT)
    texts = await everything_said(redis)
    assert f"told {CHAT}".encode() not in texts and f"told {OTHER}".encode() in texts
