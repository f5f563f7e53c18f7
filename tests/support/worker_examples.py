"""What the tests of a worker share: a worker in the test's own process, and what its results say."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis

from support.queue_examples import all_answered
from vlm.engine.base import Engine
from vlm.memory import Memory
from vlm.protocol import Answered, Found, Refused, Result
from vlm.queue.broker import Broker
from vlm.search.calibration import ReferenceSet
from vlm.worker.loop import Worker


@asynccontextmanager
async def working(
    redis: Redis,
    engine: Engine,
    lease_s: float = 2,
    memory: Memory | None = None,
    reference_set: ReferenceSet | None = None,
) -> AsyncIterator[asyncio.Task[None]]:
    """A worker, in this process, that is told to stop at the end."""
    broker = Broker(redis, name="w", lease_s=lease_s)
    worker = Worker(broker, engine, memory or Memory(redis), reference_set=reference_set)
    running = asyncio.create_task(worker.run())
    yield running
    worker.stop()
    await asyncio.wait({running})


async def results(redis: Redis, *jobs: str) -> list[Result]:
    found = await all_answered(redis, set(jobs))
    return [found[job] for job in jobs]


def text(result: Result) -> str:
    assert isinstance(result.outcome, Answered)
    return result.outcome.text


def refusal(result: Result) -> tuple[str, str]:
    assert isinstance(result.outcome, Refused)
    return result.outcome.code, result.outcome.message


def found(result: Result) -> Found:
    assert isinstance(result.outcome, Found)
    return result.outcome


def said(result: Result) -> Answered:
    assert isinstance(result.outcome, Answered)
    return result.outcome
