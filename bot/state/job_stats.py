"""Statistics of the last jobs: for /stats, and to estimate how long a job will wait.

`bot.state.keys.JOB_STATS` is a list of the last KEPT jobs, newest first. A result that is delivered again
counts again.
"""

from collections import Counter
from collections.abc import Sequence
from time import time_ns
from typing import Any, Final

import msgspec
from redis.asyncio import Redis

from bot.state import keys
from vlm.errors import PictureGone
from vlm.ops.metrics import OK, Metrics, code_of
from vlm.protocol import Result
from vlm.queue.client import Client

KEPT: Final = 2000
HOURS: Final = 6  # that /stats summarizes
LATEST: Final = 200  # jobs that an estimate is based on
LATEST_MS: Final = 15 * 60_000


class JobRecord(msgspec.Struct, frozen=True, array_like=True):
    """A job that ended: when it was delivered, how long it took, how many workers there were, and the code of
    its error, '' if it succeeded."""

    at_ms: int
    waited_ms: int
    ran_ms: int
    workers: int
    code: str = ""

    @property
    def total_ms(self) -> int:
        """From submission to the end."""
        return self.waited_ms + self.ran_ms


class JobSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Jobs in numbers. `failures`: error codes, and how often each occurred."""

    count: int
    median_ms: int
    p95_ms: int
    median_ran_ms: int
    failures: dict[str, int]


class JobStats:
    def __init__(self, redis: Redis, client: Client, metrics: Metrics | None = None) -> None:
        self._metrics = metrics or Metrics()
        self._redis = redis
        self._client = client

    async def record(self, result: Result) -> None:
        """Record a job's durations and outcome."""
        self._metrics.count_result(result)
        code = code_of(result)
        if code == PictureGone.code:  # it is submitted again, with the picture
            return
        workers = len(await self._client.models())
        durations = (result.waited_ms, result.ran_ms)
        job = JobRecord(time_ns() // 1_000_000, *durations, workers, "" if code == OK else code)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.lpush(keys.JOB_STATS(), msgspec.msgpack.encode(job))
            pipe.ltrim(keys.JOB_STATS(), 0, KEPT - 1)
            await pipe.execute()

    async def recent(self, count: int = KEPT, within_ms: int = HOURS * 3_600_000) -> list[JobRecord]:
        """The last jobs that ended, newest first."""
        rows: Any = await self._redis.lrange(keys.JOB_STATS(), 0, count - 1)
        since_ms = time_ns() // 1_000_000 - within_ms
        jobs = [msgspec.msgpack.decode(row, type=JobRecord) for row in rows]
        return [job for job in jobs if job.at_ms >= since_ms]

    async def latest(self) -> list[JobRecord]:
        """The jobs that an estimate is based on."""
        return await self.recent(LATEST, LATEST_MS)


def wait_s(ahead: int, workers: int, latest: Sequence[JobRecord]) -> float | None:
    """How long a job takes that has `ahead` others before it; None if that cannot be estimated.

    The jobs that ended, divided by the time in which any worker was busy, are the throughput of that many
    workers.
    """
    if not latest or not workers:
        return None
    mean_workers = max(1.0, sum(job.workers for job in latest) / len(latest))
    per_worker_s = len(latest) / busy_s(latest) / mean_workers
    return (ahead + 1) / (per_worker_s * workers)


def busy_s(jobs: Sequence[JobRecord]) -> float:
    """For how long at least one of the jobs was being worked on."""
    busy_ms, until_ms = 0, 0
    for start_ms, end_ms in sorted((job.at_ms - job.ran_ms, job.at_ms) for job in jobs):
        busy_ms += max(0, end_ms - max(start_ms, until_ms))
        until_ms = max(until_ms, end_ms)
    return max(busy_ms, 1) / 1000


def summarize(jobs: Sequence[JobRecord]) -> JobSummary:
    """The numbers of /stats. The times include those of jobs that failed."""
    total_ms = [job.total_ms for job in jobs]
    return JobSummary(
        count=len(jobs),
        median_ms=quantile(total_ms, 0.5),
        p95_ms=quantile(total_ms, 0.95),
        median_ran_ms=quantile([job.ran_ms for job in jobs], 0.5),
        failures=Counter(job.code for job in jobs if job.code),
    )


def quantile(values: Sequence[int], part: float) -> int:
    """The value below which `part` of the values lie; 0 if there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0
