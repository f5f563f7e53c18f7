"""Pictures, results, leases, and worker processes that need no model, for tests of the queue."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from support.waiting import DEADLINE_S, until
from vlm import keys
from vlm.protocol import Result, decode_result
from vlm.queue import server
from vlm.queue.server import Server

LEASE_S = 2.0
START_S = 60.0
WORKER = Path(__file__).with_name("worker_process.py")


def picture(colour: str = "red", width: int = 40, height: int = 30) -> bytes:
    """A PNG of one colour."""
    file = BytesIO()
    Image.new("RGB", (width, height), colour).save(file, "PNG")
    return file.getvalue()


async def published(redis: Redis) -> list[Result]:
    """All published results, oldest first."""
    return [decode_result(fields[b"result"]) for _, fields in await redis.xrange(keys.results_key())]


async def held(redis: Redis) -> int:
    """The number of jobs that workers hold."""
    pending = [await redis.xpending(stream, keys.WORKERS) for stream in keys.JOB_STREAMS.values()]
    return sum(int(summary["pending"]) for summary in pending)


async def end_leases(redis: Redis, group: str = keys.WORKERS, *streams: str) -> None:
    """End the lease of every held entry, without waiting: its idle time is set to a day."""
    for stream in streams or keys.JOB_STREAMS.values():
        await age_entries(redis, group, stream, seconds=24 * 3600)


async def age_entries(redis: Redis, group: str, stream: str, seconds: float) -> None:
    """Set the idle time of every held entry."""
    with suppress(ResponseError):  # there is no such stream or group yet
        for held in await redis.xpending_range(stream, group, "-", "+", 1000):
            consumer, ids = held["consumer"], [held["message_id"]]
            await redis.xclaim(stream, group, consumer, 0, ids, idle=int(1000 * seconds), justid=True)


async def all_answered(redis: Redis, jobs: set[str], deadline_s: float = DEADLINE_S) -> dict[str, Result]:
    """The results of `jobs` once all are there; fails if one comes twice."""

    async def complete() -> bool:
        return jobs <= {result.job for result in await published(redis)}

    await until(complete, deadline_s)
    results = await published(redis)
    assert max(Counter(result.job for result in results).values()) == 1
    return {result.job: result for result in results}


class WorkerProcess:
    """A worker in a process of its own; `runs` counts what its engine was given, by question."""

    def __init__(self, url: str, name: str, folder: Path, **options: Any) -> None:
        self._journal = folder / f"{name}.journal"
        options = {"lease_s": LEASE_S, **options, "url": url, "name": name, "journal": str(self._journal)}
        self._log = folder / f"{name}.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(WORKER), json.dumps(options)], stdout=log, stderr=log
            )

    def wait_until_ready(self) -> None:
        """Wait until the worker takes jobs; it may have ended since."""
        end_s = time.monotonic() + START_S
        while True:
            ended = self.process.poll() is not None  # asked first: what it said before its end is in the log
            if "ready" in (log := self._log.read_text()):
                return
            assert not ended and time.monotonic() < end_s, f"it did not start:\n{log}"
            time.sleep(0.02)

    @property
    def runs(self) -> Counter[str]:
        text = self._journal.read_text() if self._journal.exists() else ""
        return Counter(text.splitlines())

    @property
    def remarks(self) -> str:
        """The log."""
        return self._log.read_text()

    def send(self, signum: signal.Signals) -> None:
        self.process.send_signal(signum)

    def kill(self) -> None:
        """End it as a crash would. May be called again."""
        self.process.kill()
        self.process.wait()

    def status(self) -> int:
        """The exit status."""
        return self.process.wait(DEADLINE_S)


@contextmanager
def running(folder: Path, binary: Path | None = None) -> Iterator[Server]:
    """A server that is stopped at the end of the test."""
    own = server.start(folder, binary=binary)
    try:
        yield own
    finally:
        own.stop()


@contextmanager
def workers(url: str, folder: Path, *names: str, **options: Any) -> Iterator[list[WorkerProcess]]:
    """Worker processes, all ready, that are killed at the end of the test."""
    running = [WorkerProcess(url, name, folder, **options) for name in names]
    try:
        for worker in running:
            worker.wait_until_ready()
        yield running
    finally:
        for worker in running:
            worker.kill()
