"""How work has gone lately: for /stats, and for how long a line takes.

    {afterimage}:tally    list: the last KEPT jobs that ended, newest first

A result that is delivered again counts again.
"""

from collections import Counter
from collections.abc import Sequence
from time import time_ns
from typing import Any, Final

import msgspec
from redis.asyncio import Redis

from vlm.errors import PictureGone
from vlm.ops.metrics import OK, Metrics, code_of
from vlm.protocol import Result
from vlm.queue.client import Client

KEY: Final = "{afterimage}:tally"
KEPT: Final = 2000
HOURS: Final = 6  # how far back is looked
LATELY: Final = 200  # jobs that tell how fast the next will go
LATELY_MS: Final = 15 * 60_000


class JobRecord(msgspec.Struct, frozen=True, array_like=True):
    """A job that ended: when it was delivered, what it took, how many workers there were; '' or why not."""

    at_ms: int
    waited_ms: int
    ran_ms: int
    workers: int
    code: str = ""

    @property
    def took_ms(self) -> int:
        """From being sent to the end."""
        return self.waited_ms + self.ran_ms


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Jobs in numbers. `failures`: their codes, and how often each."""

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

    async def note(self, result: Result) -> None:
        """Keep how a job went."""
        self._metrics.count_result(result)
        code = code_of(result)
        if code == PictureGone.code:  # it is done again, with the picture
            return
        workers = len(await self._client.models())
        took = (result.waited_ms, result.ran_ms)
        done = JobRecord(time_ns() // 1_000_000, *took, workers, "" if code == OK else code)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.lpush(KEY, msgspec.msgpack.encode(done))
            pipe.ltrim(KEY, 0, KEPT - 1)
            await pipe.execute()

    async def recent(self, count: int = KEPT, within_ms: int = HOURS * 3_600_000) -> list[JobRecord]:
        """The last jobs that ended, newest first."""
        rows: Any = await self._redis.lrange(KEY, 0, count - 1)
        since_ms = time_ns() // 1_000_000 - within_ms
        done = [msgspec.msgpack.decode(row, type=JobRecord) for row in rows]
        return [one for one in done if one.at_ms >= since_ms]

    async def lately(self) -> list[JobRecord]:
        """The jobs by which an estimate is made."""
        return await self.recent(LATELY, LATELY_MS)


def wait_s(ahead: int, workers: int, lately: Sequence[JobRecord]) -> float | None:
    """How long a job takes that has `ahead` others before it; None when nothing tells.

    Jobs that ended, by the time in which any worker was busy, is what that many workers do in a second.
    """
    if not lately or not workers:
        return None
    mean_workers = max(1.0, sum(one.workers for one in lately) / len(lately))
    per_worker_s = len(lately) / busy_s(lately) / mean_workers
    return (ahead + 1) / (per_worker_s * workers)


def busy_s(done: Sequence[JobRecord]) -> float:
    """For how long at least one of the jobs was being worked on."""
    busy_ms, until_ms = 0, 0
    for start_ms, end_ms in sorted((one.at_ms - one.ran_ms, one.at_ms) for one in done):
        busy_ms += max(0, end_ms - max(start_ms, until_ms))
        until_ms = max(until_ms, end_ms)
    return max(busy_ms, 1) / 1000


def figures(done: Sequence[JobRecord]) -> Figures:
    """What /stats tells of jobs. Those that failed count in their times too."""
    took_ms = [one.took_ms for one in done]
    return Figures(
        count=len(done),
        median_ms=quantile(took_ms, 0.5),
        p95_ms=quantile(took_ms, 0.95),
        median_ran_ms=quantile([one.ran_ms for one in done], 0.5),
        failures=Counter(one.code for one in done if one.code),
    )


def quantile(values: Sequence[int], part: float) -> int:
    """The value below which `part` of the values lie; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0
