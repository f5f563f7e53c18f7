"""Workers of two versions side by side, as while they are upgraded one by one: with real processes."""

import signal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis
from support.paths import ROOT
from support.queue_examples import picture, until, workers

from vlm.protocol import UPGRADE_S, VERSION, Job
from vlm.queue import client as front
from vlm.queue.client import Client
from vlm.queue.connection import connect
from vlm.queue.keys import DEAD, JOB_STREAMS, WORKERS, results_key
from vlm.queue.server import Server

NEXT = VERSION + 1


async def ask(client: Client, *questions: str) -> set[str]:
    for chat, question in enumerate(questions, 1):
        await client.ask(job=question, chat=chat, photo=None, question=question, picture=picture())
    return set(questions)


def encoded_by_the_next(job: Job) -> bytes:
    """The job as the next version would write it, with something that nobody here has heard of."""
    return msgspec.msgpack.encode(msgspec.to_builtins(job) | {"version": NEXT, "mood": "cheerful"})


async def published(redis: Redis) -> list[dict[str, Any]]:
    """All results, of whatever version."""
    return [msgspec.msgpack.decode(fields[b"result"]) for _, fields in await redis.xrange(results_key())]


async def are_answered(redis: Redis, jobs: set[str]) -> bool:
    return jobs <= {result["job"] for result in await published(redis)}


async def were_passed_on(redis: Redis, count: int) -> bool:
    held = await redis.xpending_range(JOB_STREAMS["interactive"], WORKERS, "-", "+", 99)
    return [one["times_delivered"] for one in held] == count * [0]


def test_how_long_is_waited_for_a_newer_version_is_what_is_documented() -> None:
    assert f"has come for {UPGRADE_S / 60:.0f} minutes" in (ROOT / "docs" / "architecture.md").read_text()


async def test_nothing_is_lost_while_workers_are_upgraded_one_by_one(
    own_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connect(own_server.url) as redis:
        client = Client(redis)
        with workers(own_server.url, tmp_path, "old") as [old]:
            now = await ask(client, "now 1", "now 2")
            await until(lambda: are_answered(redis, now))
            with monkeypatch.context() as patch:
                patch.setattr(front, "encode", encoded_by_the_next)
                coming = await ask(client, "next 1", "next 2", "next 3")
            await until(lambda: were_passed_on(redis, 3))
            now |= await ask(client, "now 3")
            with workers(own_server.url, tmp_path, "new", version=NEXT) as [new]:
                await until(lambda: are_answered(redis, now | coming))
                old.send(signal.SIGTERM)
                assert old.status() == 0
                now |= await ask(client, "now 4")
                await until(lambda: are_answered(redis, now))
            assert not old.runs.keys() & coming and coming <= new.runs.keys()
        results = await published(redis)
        assert len(results) == len(now | coming)
        assert {one["job"] for one in results if one["version"] == NEXT} == coming
        assert {one["version"] for one in results if one["job"] in now} == {VERSION}
        assert all(one["outcome"]["type"] == "answered" for one in results)
        assert await redis.xlen(DEAD) == 0
