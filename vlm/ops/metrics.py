"""The metrics of a bot and of a worker, for Prometheus. docs/operations.md lists all of them.

    stage     download, deliver, answer (a bot's)
              wait, decode, vision, generate, embed, translate (a worker's)
    stream    interactive, busy, bulk (jobs); updates, results, exports (of bots only)
    code      ok, or an error's (`vlm.errors`)

No label holds what people sent, who they are, or their chats.
"""

from collections.abc import Callable, Mapping, Sequence
from math import nan
from typing import Final, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from redis.asyncio import Redis

from vlm.ops.backlog import Backlog, count_dead_letters, read_backlog
from vlm.protocol import Refused, Result
from vlm.queue.client import live_workers

Item = TypeVar("Item")
Output = TypeVar("Output")

STAGE_S: Final = (0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800)
OK: Final = "ok"
BATCH: Final = (1, 2, 4, 8, 16, 32, 64)


class Metrics:
    """The metrics of one process, in a registry of its own; bots and workers use some of them each."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)  # process_resident_memory_bytes and the like
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

    def observe_stage(self, stage: str, seconds: float) -> None:
        """Observe the time that one stage took."""
        self.stage.labels(stage).observe(max(0.0, seconds))

    def timed(
        self, stage: str, work: Callable[[Sequence[Item]], list[Output]]
    ) -> Callable[[Sequence[Item]], list[Output]]:
        """`work`, with its time observed as `stage`; calls without items are not observed."""

        def timed_work(items: Sequence[Item]) -> list[Output]:
            if not items:
                return work(items)
            with self.stage.labels(stage).time():
                return work(items)

        return timed_work

    def count_job(self, result: Result) -> None:
        """Count a result that a worker has published."""
        self.jobs.labels(_task(result), code_of(result)).inc()

    def count_result(self, result: Result) -> None:
        """Count a result that a bot has delivered to its chat."""
        self.results.labels(_task(result), code_of(result)).inc()
        self.observe_stage("answer", (result.waited_ms + result.ran_ms) / 1000)

    async def refresh_queue(self, redis: Redis, streams: Mapping[str, tuple[str, str]]) -> None:
        """Read the queue's numbers from Redis. `streams`: (key, consumer group) by name. Raises RedisError.

        While the server is unavailable, the numbers are NaN, because old numbers would be wrong.
        """
        try:
            backlogs = {name: await read_backlog(redis, key, group) for name, (key, group) in streams.items()}
            dead, workers = await count_dead_letters(redis), len(await live_workers(redis))
        except BaseException:
            self._set({}, nan, nan)
            raise
        self._set(backlogs, dead, workers)

    def _set(self, backlogs: Mapping[str, Backlog], dead: float, workers: float) -> None:
        for gauge in (self._open, self._held, self._oldest):
            gauge.clear()
        for name, backlog in backlogs.items():
            self._open.labels(name).set(backlog.open)
            self._held.labels(name).set(backlog.held)
            self._oldest.labels(name).set(backlog.oldest_s)
        self._dead.set(dead)
        self._workers.set(workers)


def code_of(result: Result) -> str:
    """'ok', or the code of the result's error."""
    return result.outcome.code if isinstance(result.outcome, Refused) else OK


def _task(result: Result) -> str:
    return type(result.task).__name__.lower()
