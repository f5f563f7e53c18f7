"""What is counted of a bot and of a worker, for Prometheus. Every name stands here and in docs/operations.md.

    stage     download, deliver, answer (a bot's)
              wait, decode, vision, generate, embed, translate (a worker's)
    stream    interactive, busy, bulk (jobs); updates, results, exports (a bot tells of these, too)
    code      ok, or an error's (`vlm.errors`)

No label holds what people sent, who they are, or where they wrote it.
"""

from collections.abc import Callable, Mapping, Sequence
from math import nan
from typing import Final, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from redis.asyncio import Redis

from vlm.ops.backlog import Backlog, backlog, dead_letters
from vlm.protocol import Refused, Result
from vlm.queue.client import live_workers

Item = TypeVar("Item")
Made = TypeVar("Made")

STAGE_S: Final = (0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800)
OK: Final = "ok"
BATCH: Final = (1, 2, 4, 8, 16, 32, 64)


class Metrics:
    """One process's numbers, in a registry of their own: a bot and a worker use some of them each."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)  # process_resident_memory_bytes and its like
        self.stage = Histogram(
            "afterimage_stage_seconds", "Time in one stage", ["stage"], registry=registry, buckets=STAGE_S
        )
        self.batch = Histogram(
            "afterimage_batch_jobs", "Jobs worked on together", registry=registry, buckets=BATCH
        )
        self.jobs = Counter(
            "afterimage_jobs", "Jobs that this worker finished", ["task", "code"], registry=registry
        )
        self.results = Counter(
            "afterimage_results", "Results that this bot delivered", ["task", "code"], registry=registry
        )
        self.tokens = Counter(
            "afterimage_query_tokens",
            "Photos looked up among the kept query tokens",
            ["outcome"],
            registry=registry,
        )
        self.gpu = Gauge("afterimage_gpu_memory_bytes", "Memory on the GPU", ["kind"], registry=registry)
        self.decoders = Gauge("afterimage_decoders_ended", "Decoders that a picture ended", registry=registry)
        self._open = Gauge("afterimage_entries_open", "Waiting, or in hand", ["stream"], registry=registry)
        self._held = Gauge("afterimage_entries_in_hand", "Being worked on", ["stream"], registry=registry)
        self._oldest = Gauge(
            "afterimage_oldest_entry_seconds", "Age of the oldest open entry", ["stream"], registry=registry
        )
        self._dead = Gauge("afterimage_dead_letters", "Jobs that were given up", registry=registry)
        self._workers = Gauge("afterimage_workers", "Workers that are alive", registry=registry)

    def took(self, stage: str, seconds: float) -> None:
        """One stage of one thing is over."""
        self.stage.labels(stage).observe(max(0.0, seconds))

    def timed(
        self, stage: str, work: Callable[[Sequence[Item]], list[Made]]
    ) -> Callable[[Sequence[Item]], list[Made]]:
        """`work`, and how long it takes is noted; of nothing it takes none."""

        def watched(items: Sequence[Item]) -> list[Made]:
            if not items:
                return work(items)
            with self.stage.labels(stage).time():
                return work(items)

        return watched

    def finished(self, result: Result) -> None:
        """A worker has published a result."""
        self.jobs.labels(_task(result), code_of(result)).inc()

    def delivered(self, result: Result) -> None:
        """A bot has brought a result to its chat."""
        self.results.labels(_task(result), code_of(result)).inc()
        self.took("answer", (result.waited_ms + result.ran_ms) / 1000)

    async def look(self, redis: Redis, streams: Mapping[str, tuple[str, str]]) -> None:
        """Look at the queue: `streams` are (key, consumer group) by name. Raises RedisError.

        While the server cannot be asked there are no numbers: old ones would say that all is as it was.
        """
        try:
            found = {name: await backlog(redis, *where) for name, where in streams.items()}
            dead, workers = await dead_letters(redis), len(await live_workers(redis))
        except BaseException:
            self._show({}, nan, nan)
            raise
        self._show(found, dead, workers)

    def _show(self, found: Mapping[str, Backlog], dead: float, workers: float) -> None:
        for gauge in (self._open, self._held, self._oldest):
            gauge.clear()
        for name, one in found.items():
            self._open.labels(name).set(one.open)
            self._held.labels(name).set(one.held)
            self._oldest.labels(name).set(one.oldest_s)
        self._dead.set(dead)
        self._workers.set(workers)


def code_of(result: Result) -> str:
    """How it went: 'ok', or an error's code."""
    return result.outcome.code if isinstance(result.outcome, Refused) else OK


def _task(result: Result) -> str:
    return type(result.task).__name__.lower()
