"""What a worker's hold on the queue promises, on both servers."""

import time
from typing import Any, Final

import msgspec
import pytest
from redis.asyncio import Redis
from support.queue_examples import end_leases, picture, published
from support.worker_examples import results, working

from vlm import keys
from vlm.engine.echo import EchoEngine
from vlm.protocol import (
    UPGRADE_S,
    VERSION,
    Answered,
    Caption,
    Job,
    Priority,
    Refused,
    Result,
    encode,
)
from vlm.queue.admission import SHARE
from vlm.queue.broker import Broker, Delivery
from vlm.queue.client import Client
from vlm.queue.consumer import DELIVERIES
from vlm.queue.streams import Group

NEWER: Final[dict[str, Any]] = {"group": keys.WORKERS, "consumer": "new", "lease_s": 1}


@pytest.fixture
def client(redis: Redis) -> Client:
    return Client(redis)


async def submit(client: Client, *jobs: str, priority: Priority = "interactive", chat: int = 1) -> None:
    for job in jobs:
        await client.caption(
            job=job,
            chat=chat,
            photo=None,
            picture=picture(),
            priority=priority,
            correlation_data=f"for {job}",
        )


async def crowd(client: Client, *jobs: str) -> None:
    """Each of another chat."""
    for chat, job in enumerate(jobs, 100):
        await submit(client, job, chat=chat)


def names(deliveries: list[Delivery]) -> list[str]:
    return [delivery.job.id for delivery in deliveries]


def result(delivery: Delivery, text: str = "yes") -> Result:
    job = delivery.job
    return Result(job=job.id, chat=job.chat, task=job.task, outcome=Answered(text=text))


async def test_a_batch_is_what_waits_and_nobody_waits_for_company(client: Client, redis: Redis) -> None:
    broker = Broker(redis, name="w")
    assert await broker.take(8, block_ms=1) == []
    await submit(client, "a")
    assert names(await broker.take(8, block_ms=1000)) == ["a"]
    await submit(client, *"bcdefghij")
    assert names(await broker.take(8, block_ms=1000)) == list("bcdefghi")


async def test_interactive_jobs_come_first_and_bulk_always_has_one_place(
    client: Client, redis: Redis
) -> None:
    await submit(client, "B1", "B2", "B3", priority="bulk")
    await crowd(client, *"abcdef")
    broker = Broker(redis, name="w")
    assert names(await broker.take(4, 0)) == ["a", "b", "c", "B1"]
    assert names(await broker.take(4, 0)) == ["d", "e", "f", "B2"]
    await submit(client, "B4", priority="bulk")
    assert names(await broker.take(4, 0)) == ["B3", "B4"]


async def test_what_a_busy_chat_has_beyond_its_share_fills_the_room_that_others_leave(
    client: Client, redis: Redis
) -> None:
    share = [f"share {n}" for n in range(SHARE)]
    await submit(client, *share, *[f"busy {n}" for n in range(6)])
    await crowd(client, "a")
    broker = Broker(redis, name="w")
    assert set(names(await broker.take(SHARE + 2, 0))) == {*share, "a", "busy 0"}
    await crowd(client, *"bcde")
    assert set(names(await broker.take(4, 0))) == {"b", "c", "d", "busy 1"}, "one place is always theirs"
    assert set(names(await broker.take(8, 0))) == {"e", "busy 2", "busy 3", "busy 4", "busy 5"}


async def test_a_chat_that_gets_its_answers_is_not_busy(client: Client, redis: Redis) -> None:
    broker = Broker(redis, name="w")
    for job in "abcdef":
        await submit(client, job)
        [delivery] = await broker.take(8, 1000)
        assert delivery.entry.stream == keys.JOB_STREAMS["interactive"]
        await broker.finish(delivery, result(delivery))


async def test_no_lane_starves_where_batches_are_of_one(client: Client, redis: Redis) -> None:
    await submit(client, "B", priority="bulk", chat=2)
    await submit(client, *[f"a {n}" for n in range(SHARE)], "busy")
    await crowd(client, *"abcdefghijkl")
    broker = Broker(redis, name="w")
    taken = [job for _ in range(8) for job in names(await broker.take(1, 0))]
    assert {"B", "busy"} <= set(taken)
    assert len(taken) == 8


async def test_result_and_ack_come_together_and_only_from_the_holder(client: Client, redis: Redis) -> None:
    await submit(client, "a")
    slow, quick = Broker(redis, name="slow"), Broker(redis, name="quick")
    [lost] = await slow.take(1, 0)
    await end_leases(redis)
    taken_over = await quick.reclaim()
    assert taken_over
    assert not await slow.finish(lost, result(lost, "too late"))
    assert await published(redis) == []
    assert await quick.finish(taken_over, result(taken_over, "in time"))
    assert not await slow.finish(lost, result(lost, "far too late"))
    assert not await quick.finish(taken_over, result(taken_over, "twice"))
    assert [published_result.outcome for published_result in await published(redis)] == [
        Answered(text="in time")
    ]
    assert await client.backlog() == 0


async def test_a_picture_travels_with_its_job_and_is_gone_after_it(client: Client, redis: Redis) -> None:
    await submit(client, "a")
    broker = Broker(redis, name="w")
    [delivery] = await broker.take(1, 0)
    assert await broker.picture(delivery.job) == picture()
    await broker.finish(delivery, result(delivery))
    assert await broker.picture(delivery.job) is None


async def test_a_picture_goes_even_if_the_server_could_not_say_that_its_job_is_done(
    client: Client, redis: Redis
) -> None:
    await submit(client, "a")
    broker = Broker(redis, name="w")
    [delivery] = await broker.take(1, 0)
    await broker.finish(delivery, result(delivery))
    await redis.set(keys.PICTURE(chat=1, job="a"), b"as if the connection had been cut before")
    assert not await broker.finish(delivery, result(delivery))
    assert await broker.picture(delivery.job) is None


async def test_a_job_that_was_tried_too_often_is_buried_with_an_apology(client: Client, redis: Redis) -> None:
    await submit(client, "a", "b")
    broker = Broker(redis, name="w", deliveries=2)
    _, mate = await broker.take(8, 0)
    await broker.finish(mate, result(mate))
    await end_leases(redis)
    again = await broker.reclaim()
    assert again
    assert (again.job.id, again.times) == ("a", 2)
    await end_leases(redis)
    assert await broker.reclaim() is None
    answered, buried = await published(redis)
    assert (answered.job, buried.job, buried.correlation_data) == ("b", "a", "for a")
    assert isinstance(buried.outcome, Refused)
    assert buried.outcome.code == "poisoned"
    [(_, letter)] = await redis.xrange(keys.DEAD_LETTERS())
    assert msgspec.msgpack.decode(letter[b"job"], type=Job).id == "a"
    assert await client.backlog() == 0


FOREIGN = {"id": "a", "chat": 5, "ticket": "t", "results": "results", "task": {"type": "dream"}}


@pytest.mark.parametrize(("version", "age_s"), [(VERSION - 2, 0.0), (VERSION + 1, UPGRADE_S + 1)])
async def test_a_job_that_no_worker_will_understand_is_answered_to_its_sender(
    client: Client, redis: Redis, version: int, age_s: float
) -> None:
    job = msgspec.msgpack.encode(FOREIGN | {"version": version})
    await redis.xadd(
        keys.JOB_STREAMS["interactive"], {"job": job}, id=f"{1000 * (time.time() - age_s):.0f}-0"
    )
    await submit(client, "b")
    assert names(await Broker(redis, name="w").take(8, 0)) == ["b"]
    [refused] = await published(redis)
    assert (refused.job, refused.chat, refused.correlation_data) == ("a", 5, "t")
    assert isinstance(refused.outcome, Refused)
    assert refused.outcome.code == "protocol"
    assert await redis.xlen(keys.DEAD_LETTERS()) == 1


async def test_a_job_of_a_newer_version_is_left_to_newer_workers(client: Client, redis: Redis) -> None:
    job = msgspec.msgpack.encode(FOREIGN | {"version": VERSION + 1})
    entry = await redis.xadd(keys.JOB_STREAMS["interactive"], {"job": job})
    old, newer = Broker(redis, name="old"), Group(redis, [keys.JOB_STREAMS["interactive"]], **NEWER)
    for _ in range(2 * DELIVERIES):
        assert await old.take(8, 0) == []
        assert await old.reclaim() is None
        await end_leases(redis)
    attempt = await newer.reclaim()
    assert attempt
    assert (attempt.entry.id, attempt.times) == (entry.decode(), 1), "what the old did is not held against it"
    assert await published(redis) == [] and await redis.xlen(keys.DEAD_LETTERS()) == 0


async def test_a_job_of_the_version_before_is_done_and_answered_in_its_version(
    client: Client, redis: Redis
) -> None:
    job = Job(version=VERSION - 1, id="a", chat=5, task=Caption(), created_ms=1)
    await redis.xadd(keys.JOB_STREAMS["interactive"], {"job": encode(job)})
    async with working(redis, EchoEngine()):
        [answer] = await results(redis, "a")
    assert answer.version == VERSION - 1


@pytest.mark.parametrize("junk", [{"job": b"\xc1 junk"}, {"job": b""}, {"something": "else"}])
async def test_junk_is_put_aside_and_stops_nobody(
    client: Client, redis: Redis, junk: dict[str, bytes]
) -> None:
    await redis.xadd(keys.JOB_STREAMS["interactive"], junk)  # type: ignore[arg-type]
    await submit(client, "b")
    broker = Broker(redis, name="w")
    [delivery] = await broker.take(8, 0)
    await broker.finish(delivery, result(delivery))
    assert await client.backlog() == 0
    assert await redis.xlen(keys.DEAD_LETTERS()) == 1
    assert [published_result.job for published_result in await published(redis)] == ["b"]


def test_a_job_is_small_whatever_the_picture() -> None:
    job = Job(id="chat:message", chat=-1001234567890, task=Caption(), created_ms=1, has_picture=True)
    assert len(encode(job)) < 200
