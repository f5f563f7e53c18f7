"""What a front end can rely on, on both servers."""

import asyncio

import pytest
from queue_parts import picture, published, until
from redis.asyncio import Redis

from vlm.broker import Broker
from vlm.client import Client, clean_question
from vlm.errors import BadRequest, BadSetting, QueueFull, TimedOut, TooLarge, Unavailable
from vlm.keys import LOAD, mark_key
from vlm.memory import blob_key
from vlm.protocol import Answered, ModelInfo, Result
from vlm.server import Server


async def caption(client: Client, job: str, chat: int = 1, **more: object) -> None:
    await client.caption(job=job, chat=chat, photo=None, picture=picture(), **more)  # type: ignore[arg-type]


async def only_one_is_left(client: Client) -> bool:
    return len(await client.models()) == 1


async def answer(broker: Broker, count: int = 1) -> None:
    """Finish the next jobs as a worker would."""
    for delivery in await broker.take(count, 100):
        job = delivery.job
        outcome = Answered(text="yes")
        await broker.finish(
            delivery, Result(job=job.id, chat=job.chat, task=job.task, outcome=outcome, ticket=job.ticket)
        )


async def test_a_job_that_is_submitted_twice_is_done_once(client: Client, redis: Redis) -> None:
    broker = Broker(redis, name="w")
    await caption(client, "a")
    await caption(client, "a")
    assert await client.backlog() == 1
    await answer(broker)
    await caption(client, "a")
    assert await client.backlog() == 0
    assert len(await published(redis)) == 1
    assert await redis.keys("blob:*") == []


async def test_a_chat_with_too_much_open_is_told_so_and_others_are_served(
    client: Client, redis: Redis
) -> None:
    for job in "abc":
        await caption(client, job)
    with pytest.raises(QueueFull, match="already have 3"):
        await caption(client, "d")
    assert await redis.exists(blob_key(1, "d")) == 0
    await caption(client, "e", chat=2)
    await answer(Broker(redis, name="w"))
    await caption(client, "d")


async def test_a_full_queue_is_refused_at_the_door_for_everybody(client: Client) -> None:
    for chat in range(5):
        await caption(client, f"job {chat}", chat=chat, lane="bulk" if chat % 2 else "interactive")
    with pytest.raises(QueueFull, match="in a few minutes"):
        await caption(client, "one more", chat=9)
    await caption(client, "job 0", chat=0)


async def test_many_at_once_are_admitted_exactly_up_to_the_limit(client: Client) -> None:
    outcomes = await asyncio.gather(
        *(caption(client, str(n), chat=n) for n in range(40)), return_exceptions=True
    )
    assert outcomes.count(None) == await client.backlog() == 5
    assert all(isinstance(outcome, QueueFull) for outcome in outcomes if outcome)


async def test_the_position_counts_the_jobs_that_come_before(client: Client, redis: Redis) -> None:
    await caption(client, "bulk", chat=1, lane="bulk")
    await caption(client, "first", chat=2)
    await caption(client, "second", chat=3)
    assert [await client.position(job) for job in ("first", "second", "bulk")] == [0, 1, 2]
    await answer(Broker(redis, name="w"), count=2)
    assert await client.position("first") is None
    assert await client.position("second") == 0
    assert await client.position("never heard of") is None


async def test_the_load_of_a_chat_returns_to_nothing(client: Client, redis: Redis) -> None:
    await caption(client, "a")
    assert await redis.hgetall(LOAD) == {b"1": b"1"}
    await answer(Broker(redis, name="w"))
    assert await redis.exists(LOAD) == 0


async def test_what_a_job_keeps_in_the_server_expires_whatever_becomes_of_it(
    client: Client, redis: Redis
) -> None:
    await caption(client, "a")
    for key in (blob_key(1, "a"), mark_key("a")):
        assert 0 < await redis.ttl(key) <= 24 * 3600
    await answer(Broker(redis, name="w"))
    assert 0 < await redis.ttl(mark_key("a")) <= 24 * 3600


async def test_a_load_that_an_accident_left_bars_no_chat(client: Client, redis: Redis) -> None:
    await redis.hset(LOAD, "1", 3)
    await caption(client, "a")
    assert await redis.hgetall(LOAD) == {b"1": b"1"}


async def test_a_program_waits_for_its_own_results_and_leaves_nothing(client: Client, redis: Redis) -> None:
    jobs = ["a", "b"]
    for job in jobs:
        await caption(client, job, results="results:cli-1", ticket=job * 2)
    await answer(Broker(redis, name="w"), count=8)
    heard = [result async for result in client.wait(jobs, results="results:cli-1", timeout_s=2)]
    assert [(result.job, result.ticket) for result in heard] == [("a", "aa"), ("b", "bb")]
    assert await redis.keys("*results*") == []


async def test_the_results_of_a_program_that_is_gone_expire(client: Client, redis: Redis) -> None:
    await caption(client, "a", results="results:cli-1")
    await answer(Broker(redis, name="w"))
    assert 0 < await redis.ttl("{afterimage}:results:cli-1") <= 3600


async def test_waiting_for_nobody_ends_with_a_hint(client: Client) -> None:
    with pytest.raises(TimedOut, match="vlm worker"):
        [result async for result in client.wait(["a"], results="results:cli-1", timeout_s=0)]


async def test_the_models_that_answer_are_known(client: Client, redis: Redis) -> None:
    assert await client.models() == []
    one, two = Broker(redis, name="one"), Broker(redis, name="two", lease_s=1)
    tiny = ModelInfo(name="tiny", revision="1", knows="It knows emoji.")
    for broker in (one, two):
        await broker.open()
        await broker.announce(tiny)
    assert await client.models() == [tiny, tiny]
    await until(lambda: only_one_is_left(client))  # the second is not heard of again
    await one.leave()
    assert await client.models() == []


@pytest.mark.parametrize("question", ["", "  ", "🎈🎈", "?!"])
def test_a_question_without_words_is_asked_for_again(question: str) -> None:
    with pytest.raises(BadRequest, match="in words"):
        clean_question(question)


def test_a_question_may_be_in_any_script_and_up_to_a_thousand_characters() -> None:
    assert clean_question(" что это? ") == "что это?"
    assert clean_question("色") == "色"
    assert clean_question("a" * 1000)
    with pytest.raises(TooLarge, match="10000"):
        clean_question("a" * 10_000)


async def test_a_huge_picture_is_refused_before_it_travels(client: Client, redis: Redis) -> None:
    with pytest.raises(TooLarge, match="20 MB"):
        await client.caption(job="a", chat=1, photo=None, picture=bytes(25_000_000))
    assert await redis.keys("*") == []


async def test_a_server_that_does_not_answer_is_said_plainly(own_server: Server) -> None:
    async with Client.connect(own_server.url) as client:
        own_server.kill()
        with pytest.raises(Unavailable, match="try again"):
            await caption(client, "a")
    with pytest.raises(Unavailable, match="vlm server"):
        async with Client.connect(own_server.url):
            pass
    with pytest.raises(BadSetting):
        async with Client.connect("http://elsewhere"):
            pass
