"""What a front end can rely on, on both servers."""

import asyncio

import pytest
from redis.asyncio import Redis
from support.queue_examples import picture, published, until

from vlm import keys
from vlm.errors import BadRequest, BadSetting, QueueFull, TimedOut, TooLarge, Unavailable
from vlm.protocol import Answered, ModelInfo, Result
from vlm.queue.admission import SHARE
from vlm.queue.broker import Broker, Delivery
from vlm.queue.client import Client, clean_question
from vlm.queue.server import Server


async def caption(client: Client, job: str, chat: int = 1, **more: object) -> None:
    await client.caption(job=job, chat=chat, photo=None, picture=picture(), **more)  # type: ignore[arg-type]


async def only_one_is_left(client: Client) -> bool:
    return len(await client.models()) == 1


async def answer(broker: Broker, count: int = 1) -> None:
    """Finish the next jobs as a worker would."""
    for delivery in await broker.take(count, 100):
        await finish(broker, delivery)


async def finish(broker: Broker, delivery: Delivery) -> None:
    job, outcome = delivery.job, Answered(text="yes")
    await broker.finish(
        delivery,
        Result(
            job=job.id, chat=job.chat, task=job.task, outcome=outcome, correlation_data=job.correlation_data
        ),
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
    redis: Redis,
) -> None:
    client = Client(redis, chat_max=3)
    for job in "abc":
        await caption(client, job)
    with pytest.raises(QueueFull, match="already have 3"):
        await caption(client, "d")
    assert await redis.exists(keys.PICTURE(chat=1, job="d")) == 0
    await caption(client, "e", chat=2)
    await answer(Broker(redis, name="w"))
    await caption(client, "d")


async def test_a_full_queue_is_refused_at_the_door_for_everybody(client: Client) -> None:
    for chat in range(5):
        await caption(client, f"job {chat}", chat=chat, priority="bulk" if chat % 2 else "interactive")
    with pytest.raises(QueueFull, match="in a few minutes"):
        await caption(client, "one more", chat=9)
    await caption(client, "job 0", chat=0)


async def test_many_at_once_are_admitted_exactly_up_to_the_limit(client: Client) -> None:
    outcomes = await asyncio.gather(
        *(caption(client, str(n), chat=n) for n in range(40)), return_exceptions=True
    )
    assert outcomes.count(None) == await client.backlog() == 5
    assert all(isinstance(outcome, QueueFull) for outcome in outcomes if outcome)


async def test_the_last_places_are_left_to_chats_that_have_little(redis: Redis) -> None:
    client = Client(redis, queue_max=12, chat_max=10)
    for n in range(6):
        await caption(client, f"a {n}", chat=1)
    with pytest.raises(QueueFull, match="already have 6"):
        await caption(client, "a 6", chat=1)
    for n in range(3):
        await caption(client, f"b {n}", chat=2)
    with pytest.raises(QueueFull, match="already have 3"):
        await caption(client, "b 3", chat=2)
    await caption(client, "c", chat=3)


async def test_a_line_that_has_stood_too_long_is_closed_except_to_bulk(redis: Redis) -> None:
    client, broker = Client(redis, age_max_s=0.05), Broker(redis, name="w")
    await broker.announce(ModelInfo(name="tiny", revision="1"))
    await caption(client, "in hand", chat=1)
    await caption(client, "bulk in hand", chat=1, priority="bulk")
    [first, second] = await broker.take(8, 0)
    await caption(client, "next", chat=2)
    await caption(client, "next bulk", chat=2, priority="bulk")
    await asyncio.sleep(0.06)
    with pytest.raises(QueueFull, match="in a few minutes"):
        await caption(client, "late", chat=3)
    assert await redis.exists(keys.PICTURE(chat=3, job="late")) == 0
    await caption(client, "bulk", chat=4, priority="bulk")
    await finish(broker, first)
    await finish(broker, second)
    await answer(broker, count=8)
    await caption(client, "late", chat=3)


async def test_a_line_that_nobody_works_on_is_not_overload(redis: Redis) -> None:
    client, broker = Client(redis, age_max_s=0.05), Broker(redis, name="w")
    await caption(client, "a", chat=1)
    await asyncio.sleep(0.06)
    await caption(client, "b", chat=2)
    await broker.take(1, 0)  # and dies before its first heartbeat
    await caption(client, "c", chat=3)
    assert await client.backlog() == 3


async def test_a_question_has_a_deadline_and_a_photo_has_none(redis: Redis) -> None:
    client = Client(redis, patience_s=60)
    await caption(client, "photo")
    await client.ask(job="question", chat=2, photo="1", question="what?")
    await client.find(job="search", chat=3, query="red")
    await client.find(job="inline", chat=4, query="red", deadline_ms=7)
    jobs = {delivery.job.id: delivery.job for delivery in await Broker(redis, name="w").take(8, 0)}
    assert jobs["photo"].deadline_ms == 0
    assert jobs["question"].deadline_ms == jobs["question"].created_ms + 60_000
    assert jobs["search"].deadline_ms == jobs["search"].created_ms + 60_000
    assert jobs["inline"].deadline_ms == 7


async def test_the_position_counts_the_jobs_that_come_before(redis: Redis) -> None:
    client = Client(redis)
    await caption(client, "bulk", chat=1, priority="bulk")
    await caption(client, "first", chat=2)
    await caption(client, "second", chat=3)
    assert [await client.position(job) for job in ("first", "second", "bulk")] == [0, 1, 2]
    for job in [*(f"more {n}" for n in range(SHARE - 1)), "beyond the share"]:
        await caption(client, job, chat=3)
    assert [await client.position(job) for job in ("beyond the share", "bulk")] == [SHARE + 1, SHARE + 2]
    broker = Broker(redis, name="w")
    await answer(broker, count=3)
    assert await client.position("beyond the share") is None, "busy chats have a place in every batch"
    assert await client.position("first") is None
    assert await client.position("second") == 0
    assert await client.position("never heard of") is None


async def test_the_load_of_a_chat_returns_to_nothing(client: Client, redis: Redis) -> None:
    await caption(client, "a")
    assert await redis.hgetall(keys.OPEN_JOBS_BY_CHAT()) == {b"1": b"1"}
    await answer(Broker(redis, name="w"))
    assert await redis.exists(keys.OPEN_JOBS_BY_CHAT()) == 0


async def test_what_a_job_keeps_in_the_server_expires_whatever_becomes_of_it(
    client: Client, redis: Redis
) -> None:
    await caption(client, "a")
    for key in (keys.PICTURE(chat=1, job="a"), keys.JOB_STATE(job="a")):
        assert 0 < await redis.ttl(key) <= 24 * 3600
    await answer(Broker(redis, name="w"))
    assert 0 < await redis.ttl(keys.JOB_STATE(job="a")) <= 24 * 3600


async def test_a_load_that_an_accident_left_bars_no_chat(client: Client, redis: Redis) -> None:
    await redis.hset(keys.OPEN_JOBS_BY_CHAT(), "1", 3)
    await caption(client, "a")
    assert await redis.hgetall(keys.OPEN_JOBS_BY_CHAT()) == {b"1": b"1"}


async def test_a_program_waits_for_its_own_results_and_leaves_nothing(client: Client, redis: Redis) -> None:
    jobs = ["a", "b"]
    for job in jobs:
        await caption(client, job, results="results:cli-1", correlation_data=job * 2)
    await answer(Broker(redis, name="w"), count=8)
    received = [result async for result in client.wait(jobs, results="results:cli-1", timeout_s=60)]
    assert [(result.job, result.correlation_data) for result in received] == [("a", "aa"), ("b", "bb")]
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
    first, second = Broker(redis, name="one"), Broker(redis, name="two")
    tiny = ModelInfo(name="tiny", revision="1", knows="It knows emoji.")
    for broker in (first, second):
        await broker.open()
        await broker.announce(tiny)
    assert await client.models() == [tiny, tiny]
    assert 0 < await redis.pttl(keys.WORKER(name="two")) <= 30_000
    await redis.pexpire(keys.WORKER(name="two"), 1)  # the second is not heard of again
    await until(lambda: only_one_is_left(client))
    await first.leave()
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
