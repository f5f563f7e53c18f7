"""The keyed consumer keeps the order within a chat, keeps chats apart, and loses nothing."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError
from support.bot_stack import until
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, RetryAfter

from bot.transport.retry import RETRY_POLICY
from vlm.queue.consumer import DELIVERIES
from vlm.queue.keyed_consumer import KeyedConsumer
from vlm.queue.streams import Entry, Group

STREAM = "{consumer}:work"


def chat_of(entry: Entry) -> int:
    return int(entry.fields[b"chat"])


def text_of(entry: Entry) -> str:
    return entry.fields[b"text"].decode()


class Recorder:
    """Handles entries, with the errors that `trouble` raises, and records them."""

    def __init__(self, trouble: Callable[[Entry], Awaitable[None]] | None = None) -> None:
        self.done: list[str] = []
        self.given_up: list[str] = []
        self._trouble = trouble

    async def handle(self, entry: Entry) -> None:
        if self._trouble:
            await self._trouble(entry)
        self.done.append(text_of(entry))

    async def give_up(self, entry: Entry) -> None:
        self.given_up.append(text_of(entry))


async def add(redis: Redis, chat: int, *texts: str) -> None:
    for text in texts:
        await redis.xadd(STREAM, {"chat": chat, "text": text})


def group(redis: Redis, consumer: str = "me", lease_s: float = 2.0) -> Group:
    return Group(redis, [STREAM], group="g", consumer=consumer, lease_s=lease_s)


def consumer(group: Group, recorder: Recorder, **options: int) -> KeyedConsumer:
    return KeyedConsumer(
        group,
        chat_of=chat_of,
        handle=recorder.handle,
        give_up=recorder.give_up,
        retry=RETRY_POLICY,
        **options,  # type: ignore[arg-type]
    )


@asynccontextmanager
async def running(redis: Redis, recorder: Recorder, **options: int) -> AsyncIterator[asyncio.Event]:
    stop = asyncio.Event()
    task = asyncio.create_task(consumer(group(redis), recorder, **options).run(stop))
    try:
        yield stop
    finally:
        stop.set()
        await task


async def test_a_chat_is_served_in_order_and_chats_side_by_side(redis: Redis) -> None:
    gate = asyncio.Event()

    async def slow(entry: Entry) -> None:
        if text_of(entry) == "a1":
            await gate.wait()

    recorder = Recorder(slow)
    await add(redis, 1, "a1", "a2", "a3")
    await add(redis, 2, "b1", "b2")
    async with running(redis, recorder):
        await until(lambda: recorder.done == ["b1", "b2"])
        gate.set()
        await until(lambda: len(recorder.done) == 5)
    assert recorder.done[2:] == ["a1", "a2", "a3"]
    assert await redis.xlen(STREAM) == 0


@pytest.mark.parametrize("error", [lambda: RetryAfter(1), lambda: NetworkError("away")])
async def test_who_must_wait_waits_alone_and_loses_nothing(
    redis: Redis, error: Callable[[], Exception]
) -> None:
    failures = iter([error()])

    async def once(entry: Entry) -> None:
        if text_of(entry) == "a1" and (failure := next(failures, None)):
            raise failure

    recorder = Recorder(once)
    await add(redis, 1, "a1", "a2")
    await add(redis, 2, "b1")
    async with running(redis, recorder, slots=1):
        await until(lambda: len(recorder.done) == 3)
    assert recorder.done == ["b1", "a1", "a2"]


async def test_who_must_wait_is_not_tried_sooner(redis: Redis) -> None:
    tried_s: list[float] = []

    async def once(_: Entry) -> None:
        tried_s.append(time.monotonic())
        if len(tried_s) == 1:
            raise RetryAfter(1)

    recorder = Recorder(once)
    await add(redis, 1, "a1")
    async with running(redis, recorder):
        await until(lambda: recorder.done == ["a1"])
    assert tried_s[1] - tried_s[0] >= 1


async def test_who_must_wait_long_keeps_nobodys_place(redis: Redis) -> None:
    async def slowed(entry: Entry) -> None:
        if text_of(entry) == "a1" and not recorder.done:
            raise RetryAfter(3)

    recorder = Recorder(slowed)
    await add(redis, 1, "a1")
    await add(redis, 2, "b1")
    async with running(redis, recorder, slots=1):
        await until(lambda: recorder.done == ["b1"])  # never, where "a1" came first


@pytest.mark.parametrize("error", [NetworkError("away"), InvalidToken("revoked")])
async def test_telegram_may_be_away_for_longer_than_a_few_tries(redis: Redis, error: Exception) -> None:
    failures = iter([error] * (DELIVERIES + 1))

    async def away(entry: Entry) -> None:
        if failure := next(failures, None):
            raise failure

    recorder = Recorder(away)
    await add(redis, 1, "a1")
    async with running(redis, recorder):
        await until(lambda: recorder.done == ["a1"])
    assert recorder.given_up == []


async def test_what_fails_every_time_is_given_up_and_the_next_is_served(redis: Redis) -> None:
    tries: list[str] = []

    async def broken(entry: Entry) -> None:
        if text_of(entry) == "bad":
            tries.append("bad")
            raise BadRequest("no")

    recorder = Recorder(broken)
    await add(redis, 1, "bad", "good")
    async with running(redis, recorder):
        await until(lambda: recorder.done == ["good"])
    assert recorder.given_up == ["bad"]
    assert len(tries) == DELIVERIES
    assert await redis.xlen(STREAM) == 0


async def test_nobody_to_read_an_answer_is_no_reason_to_try_again(redis: Redis) -> None:
    async def blocked(entry: Entry) -> None:
        if text_of(entry) == "a1":
            raise Forbidden("bot was blocked by the user")

    recorder = Recorder(blocked)
    await add(redis, 1, "a1", "a2")
    async with running(redis, recorder):
        await until(lambda: recorder.done == ["a2"])
    assert recorder.given_up == []


async def test_a_chat_goes_on_after_the_server_refused_an_ack(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = iter([ResponseError("NOPERM for a moment")])
    acked = Group.ack

    async def ack(group: Group, *entries: Entry) -> None:
        if refusal := next(refusals, None):
            raise refusal
        await acked(group, *entries)

    monkeypatch.setattr(Group, "ack", ack)
    recorder = Recorder()
    await add(redis, 1, "a1", "a2")
    async with running(redis, recorder):
        await until(lambda: "a2" in recorder.done)
        await add(redis, 1, "a3")
        await until(lambda: "a3" in recorder.done)


async def test_a_dead_process_is_followed_after_its_lease(redis: Redis) -> None:
    await add(redis, 1, "a1", "a2")
    dead = group(redis, "dead")
    await dead.ensure()
    assert len(await dead.take(10)) == 2
    recorder = Recorder()
    async with running(redis, recorder):
        await until(lambda: sorted(recorder.done) == ["a1", "a2"])


async def test_work_longer_than_the_lease_is_done_once(redis: Redis) -> None:
    begun = asyncio.Event()

    async def long(entry: Entry) -> None:
        begun.set()
        await asyncio.sleep(5)  # two leases and a half

    recorder = Recorder(long)
    other = Recorder()
    await add(redis, 1, "a1")
    async with running(redis, recorder):
        stop = asyncio.Event()
        second = consumer(group(redis, "other"), other)
        await begun.wait()
        task = asyncio.create_task(second.run(stop))
        await until(lambda: recorder.done == ["a1"])
        stop.set()
        await task
    assert other.done == []


async def test_a_stop_finishes_what_is_in_hand(redis: Redis) -> None:
    begun = asyncio.Event()

    async def slow(entry: Entry) -> None:
        begun.set()
        await asyncio.sleep(0.2)

    recorder = Recorder(slow)
    await add(redis, 1, "a1")
    async with running(redis, recorder) as stop:
        await begun.wait()
        stop.set()
    assert recorder.done == ["a1"]


async def test_a_server_that_was_emptied_is_taken_as_it_comes(redis: Redis) -> None:
    recorder = Recorder()
    async with running(redis, recorder):
        await add(redis, 1, "a1")
        await until(lambda: recorder.done == ["a1"])
        await redis.flushall()
        await add(redis, 1, "a2")
        await until(lambda: recorder.done == ["a1", "a2"])


@pytest.mark.promise("reliability#order-in-chat")
async def test_two_processes_keep_the_order_within_a_chat(redis: Redis) -> None:
    def ordered(consumer: str) -> Group:
        return Group(redis, [STREAM], group="g", consumer=consumer, lease_s=60, ordered="chat")

    other, recorder, stop = ordered("other"), Recorder(), asyncio.Event()
    await other.ensure()
    await add(redis, 1, "photo")
    (photo,) = await other.take(1)
    working = asyncio.create_task(consumer(ordered("me"), recorder).run(stop))
    await add(redis, 1, "question")
    await add(redis, 2, "another chat's")
    await until(lambda: recorder.done)
    assert recorder.done == ["another chat's"]
    await other.ack(photo)
    await until(lambda: len(recorder.done) == 2)
    stop.set()
    await working
    assert recorder.done == ["another chat's", "question"]


@pytest.mark.promise("reliability#order-in-chat")
async def test_what_is_taken_over_goes_before_what_waits_for_it(redis: Redis) -> None:
    """The oldest entry's holder dies; another process holds the middle one, and the newest waits for both."""

    def ordered(consumer: str, lease_s: float = 2.0) -> Group:
        return Group(redis, [STREAM], group="g", consumer=consumer, lease_s=lease_s, ordered="chat")

    dead, middle, recorder, stop = ordered("dead"), ordered("middle"), Recorder(), asyncio.Event()
    await dead.ensure()
    await add(redis, 1, "oldest", "middle")
    await dead.take(1)
    (held,) = await middle.take(1)
    working = asyncio.create_task(consumer(ordered("me"), recorder).run(stop))
    await add(redis, 1, "newest")

    async def is_taken_over() -> bool:
        await middle.renew([held])
        return bool(recorder.done)

    await until(is_taken_over)
    assert recorder.done == ["oldest"]
    await middle.ack(held)
    await until(lambda: len(recorder.done) == 2)
    stop.set()
    await working
    assert recorder.done == ["oldest", "newest"]
