"""Dead letters can be looked at, tried again, once, and thrown away."""

import asyncio
import json
import time
from pathlib import Path

import pytest
from redis.asyncio import Redis
from support.queue_examples import end_leases, published, running
from support.vlm_process import Vlm

from vlm import keys
from vlm.commands.dead_letters import letters_with
from vlm.errors import NotFound, ProtocolError
from vlm.protocol import Answered, Refused, Result
from vlm.queue.broker import Broker
from vlm.queue.client import Client
from vlm.queue.connection import connect
from vlm.queue.dead_letters import DeadLetter, DeadLetterQueue

QUESTION = "is the canary blue?"


async def bury(redis: Redis, *jobs: str, deadline_ms: int = 0) -> None:
    """Ask a question each, and let whoever takes it die until it is given up."""
    for job in jobs:
        await Client(redis).ask(job=job, chat=7, photo="1", question=QUESTION, deadline_ms=deadline_ms)
    broker = Broker(redis, name="short-lived", deliveries=1)
    await broker.take(8, 0)
    await end_leases(redis)
    assert await broker.reclaim() is None


async def answer(redis: Redis) -> int:
    """Answer all that waits; how many that was."""
    broker = Broker(redis, name="w")
    taken = await broker.take(8, 0)
    for delivery in taken:
        done = Result(
            job=delivery.job.id, chat=delivery.job.chat, task=delivery.job.task, outcome=Answered(text="no")
        )
        assert await broker.finish(delivery, done)
    return len(taken)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def test_a_letter_tells_all_that_there_is_to_know(redis: Redis) -> None:
    await bury(redis, "a")
    [letter] = await DeadLetterQueue(redis).all()
    assert (letter.code, letter.times, letter.task, letter.content) == ("poisoned", 2, "ask", QUESTION)
    assert letter.sender and (letter.sender.id, letter.sender.chat) == ("a", 7)
    assert abs(letter.at_ms - now_ms()) < 600_000


async def test_a_job_is_put_back_once_and_then_answered(redis: Redis) -> None:
    await bury(redis, "a", deadline_ms=now_ms() + 600_000)
    [letter] = await DeadLetterQueue(redis).all()
    letters = DeadLetterQueue(redis)
    assert sorted(await asyncio.gather(*(letters.replay(letter, now_ms()) for _ in range(5)))) == [
        False
    ] * 4 + [True]
    assert await letters.all() == []
    client = Client(redis)
    assert await client.backlog() == 1 and await client.position("a") == 0
    assert await answer(redis) == 1
    apology, done = await published(redis)
    assert isinstance(apology.outcome, Refused) and done.outcome == Answered(text="no")
    assert await client.backlog() == 0 and await client.has_ended("a")
    assert await redis.hgetall("{afterimage}:load") == {}, "a chat's load is what it was"


async def test_a_job_that_was_sent_anew_meanwhile_is_not_done_twice(redis: Redis) -> None:
    await bury(redis, "a")
    [letter] = await DeadLetterQueue(redis).all()
    await redis.delete(keys.JOB_STATE(job="a"))  # a day later
    await Client(redis).ask(job="a", chat=7, photo="1", question=QUESTION)
    assert not await DeadLetterQueue(redis).replay(letter, now_ms())
    assert (
        await redis.xlen(keys.JOB_STREAMS["interactive"]) == 1 and await redis.xlen(keys.DEAD_LETTERS()) == 0
    )


async def test_what_cannot_be_read_can_only_be_dropped(redis: Redis) -> None:
    await redis.xadd(keys.DEAD_LETTERS(), {"job": b"\xc1 junk", "code": "protocol", "times": 1})
    letters = DeadLetterQueue(redis)
    [letter] = await letters.all()
    assert (letter.job, letter.sender, letter.task, letter.content) == (None, None, "", "")
    with pytest.raises(ProtocolError):
        await letters.replay(letter, now_ms())
    assert await letters.drop(letter) and not await letters.drop(letter)


def test_an_id_that_is_not_there_is_named() -> None:
    letter = DeadLetter(id="1-0", at_ms=1, code="poisoned", times=4)
    assert letters_with([letter], ["1-0"]) == [letter]
    with pytest.raises(NotFound, match="2-0"):
        letters_with([letter], ["1-0", "2-0"])


@pytest.mark.promise("security#dead-letters-hide-content")
async def test_the_command_shows_content_only_when_told_to(tmp_path: Path) -> None:
    vlm = Vlm(tmp_path)
    with running(tmp_path / "server") as server:
        async with connect(server.url) as redis:
            await bury(redis, "a", "b", "c")
            at = ("--redis", server.url)
            shown = vlm("dead", "list", *at)
            assert shown.returncode == 0 and len(shown.stdout.splitlines()) == 3
            assert "poisoned" in shown.stdout and "canary" not in shown.stdout
            letters = [json.loads(line) for line in vlm("dead", "list", "--json", *at).stdout.splitlines()]
            assert [(letter["job"], letter["chat"], letter["task"]) for letter in letters] == [
                (id, 7, "ask") for id in "abc"
            ]
            assert all("content" not in letter for letter in letters)
            assert vlm("dead", "list", "--show", *at).stdout.count(QUESTION) == 3
            assert vlm("dead", "replay", letters[0]["id"], *at).returncode == 0
            gone = vlm("dead", "replay", letters[0]["id"], *at)
            assert gone.returncode == 2 and letters[0]["id"] in gone.stderr
            assert vlm("dead", "drop", letters[1]["id"], *at).returncode == 0
            assert vlm("dead", "replay", *at).returncode == 2, "all of them must be asked for"
            assert vlm("dead", "replay", "--all", *at).returncode == 0
            assert await answer(redis) == 2
            assert "no dead letters" in vlm("dead", "list", *at).stderr
    assert vlm("dead", "list", *at).returncode == 1, "the server is away"
