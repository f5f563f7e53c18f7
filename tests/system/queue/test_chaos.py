"""What happens when processes die, with real processes. The lease is two seconds; production's is thirty."""

import asyncio
import signal
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError
from support.queue_examples import all_answered, held, picture, published, running, until, workers

from vlm.errors import Unavailable
from vlm.protocol import Answered, Refused
from vlm.queue.client import Client
from vlm.queue.connection import connect
from vlm.queue.keys import DEAD, JOB_STREAMS, OPEN_JOBS_BY_CHAT
from vlm.queue.server import Server


async def ask(client: Client, *questions: str, chat: int = 1) -> set[str]:
    """One job a question, with a picture, named by its question."""
    for question in questions:
        await client.ask(job=question, chat=chat, photo=None, question=question, picture=picture())
    return set(questions)


async def nothing_is_left(redis: Redis) -> None:
    """No open job, no load, no picture; pictures go last, when their result is out, while a worker lives."""
    assert not any([await redis.xlen(stream) for stream in JOB_STREAMS.values()])
    assert await redis.exists(OPEN_JOBS_BY_CHAT) == 0
    await until(lambda: no_picture_is_left(redis))


async def no_picture_is_left(redis: Redis) -> bool:
    return await redis.keys("blob:*") == []


@pytest.mark.promise("reliability#dead-worker")
async def test_the_jobs_of_a_killed_worker_are_answered_once_by_another(
    own_server: Server, tmp_path: Path
) -> None:
    async with connect(own_server.url) as redis:
        client = Client(redis)
        jobs = await ask(client, *[f"what {n}" for n in range(8)])
        with workers(own_server.url, tmp_path, "victim", delay_s=60) as [victim]:
            await until(lambda: holds(redis, 8))
            with workers(own_server.url, tmp_path, "heir"):
                await until(lambda: are_up(client, 2))
                victim.kill()
                answers = await all_answered(redis, jobs)
                await nothing_is_left(redis)
        assert all(isinstance(answer.outcome, Answered) for answer in answers.values())


@pytest.mark.promise("reliability#redis-crash")
async def test_a_server_that_crashes_under_load_loses_nothing(binary: Path, tmp_path: Path) -> None:
    folder = tmp_path / "server"
    jobs = {f"what {n}" for n in range(100)}
    with running(folder, binary) as crashing:
        async with connect(crashing.url) as redis:
            client = Client(redis)
            with workers(crashing.url, tmp_path, "one", "two", delay_s=0.05):
                asking = asyncio.gather(*(patient_ask(client, job, chat) for chat, job in enumerate(jobs)))
                await until(lambda: has_published(redis, 20))
                crashing.kill()
                with running(folder, binary):
                    await asking
                    await all_answered(redis, jobs)
                    await nothing_is_left(redis)


@pytest.mark.promise("reliability#graceful-stop")
async def test_a_worker_that_is_told_to_stop_finishes_what_it_holds_and_takes_no_more(
    own_server: Server, tmp_path: Path
) -> None:
    async with connect(own_server.url) as redis:
        client = Client(redis)
        with workers(own_server.url, tmp_path, "leaver", batch=2, delay_s=0.5) as [leaver]:
            await until(lambda: are_up(client, 1))
            first = await ask(client, "what 1", "what 2")
            await until(lambda: held(redis))  # one or both: as they came
            later = await ask(client, *[f"later {n}" for n in range(6)])
            leaver.send(signal.SIGTERM)
            assert await asyncio.to_thread(leaver.status) == 0
        answered = {result.job for result in await published(redis)}
        assert first & answered
        assert await client.backlog() == len(first | later) - len(answered) > 0
        assert await holds(redis, 0)
        assert await client.models() == []


@pytest.mark.promise("reliability#long-job")
async def test_a_job_that_takes_longer_than_its_lease_is_run_once(own_server: Server, tmp_path: Path) -> None:
    async with connect(own_server.url) as redis:
        client = Client(redis)
        with workers(own_server.url, tmp_path, "one", "two", delay_s=1.5) as both:
            await until(lambda: are_up(client, 2))
            jobs = await ask(client, "slow")
            await all_answered(redis, jobs)
            assert sum(one.runs["slow"] for one in both) == 1


@pytest.mark.promise("reliability#stalled-worker")
async def test_a_worker_that_slept_past_its_lease_does_not_answer_again(
    own_server: Server, tmp_path: Path
) -> None:
    async with connect(own_server.url) as redis:
        client = Client(redis)
        with workers(own_server.url, tmp_path, "sleeper", delay_s=0.5) as [sleeper]:
            jobs = await ask(client, "what")
            await until(lambda: sleeper.runs["what"] == 1)
            sleeper.send(signal.SIGSTOP)
            with workers(own_server.url, tmp_path, "heir"):
                await all_answered(redis, jobs)
            sleeper.send(signal.SIGCONT)
            await all_answered(redis, jobs | await ask(client, "what now"))
            await nothing_is_left(redis)


@pytest.mark.promise("reliability#poison-job")
async def test_a_job_that_kills_its_workers_is_buried_with_an_apology_and_its_batch_mates_are_answered(
    own_server: Server, tmp_path: Path
) -> None:
    async with connect(own_server.url) as redis:
        client = Client(redis)
        mates = await ask(client, "what 1", "what 2")
        await ask(client, "poison")
        mates |= await ask(client, "what 3")
        with workers(own_server.url, tmp_path, *"abcd", lease_s=1.0, poison="poison") as four:
            answers = await all_answered(redis, mates | {"poison"})
            assert sum(one.runs["poison"] for one in four) == 3
            assert len([one for one in four if one.process.poll() is None]) == 1
            await nothing_is_left(redis)
        assert all(isinstance(answers[mate].outcome, Answered) for mate in mates)
        refused = answers["poison"].outcome
        assert isinstance(refused, Refused)
        assert refused.code == "poisoned"
        assert refused.message.startswith("Sorry")
        [(_, letter)] = await redis.xrange(DEAD)
        assert (letter[b"code"], letter[b"times"]) == (b"poisoned", b"4")


@pytest.mark.promise("reliability#redis-emptied")
async def test_idle_workers_bear_that_the_server_is_emptied(own_server: Server, tmp_path: Path) -> None:
    async with connect(own_server.url) as redis:
        client = Client(redis)
        with workers(own_server.url, tmp_path, "one"):
            await until(lambda: are_up(client, 1))
            await redis.flushall()
            await all_answered(redis, await ask(client, "what"))
            await until(lambda: are_up(client, 1))


@pytest.mark.promise("reliability#redis-emptied")
async def test_what_was_in_hand_when_the_server_was_emptied_is_still_answered(
    own_server: Server, tmp_path: Path
) -> None:
    async with connect(own_server.url) as redis:
        client = Client(redis)
        with workers(own_server.url, tmp_path, "one", delay_s=1.0) as [one]:
            jobs = await ask(client, "what")
            await until(lambda: one.runs["what"] == 1)
            await redis.flushall()
            await all_answered(redis, jobs)
            await nothing_is_left(redis)


async def holds(redis: Redis, count: int) -> bool:
    """Whether `count` jobs are in workers' hands; before any worker has come, none are."""
    try:
        return await held(redis) == count
    except ResponseError:
        return count == 0


async def are_up(client: Client, count: int) -> bool:
    return len(await client.models()) == count


async def has_published(redis: Redis, count: int) -> bool:
    return len(await published(redis)) >= count


async def patient_ask(client: Client, job: str, chat: int) -> None:
    """As the bot's journal does: an update that could not be handled is handled again."""
    while True:
        try:
            await ask(client, job, chat=chat)
        except Unavailable:
            await asyncio.sleep(0.1)
        else:
            return
