"""The time of a search in a chat, without the model: from submitting the job to reading its result.

    python benchmarks/find.py                               # 10,000 photos as BLIP-2 keeps them
    python benchmarks/find.py --photos 1000 --searches 40

A real server with durable writes, a worker in its own process, and a model that embeds a query in no time;
random vectors and words, a reference set of 128 pictures. `processor` is the CPU time of server, worker and
client together, which a busy machine hardly changes; `wall` is the elapsed time.

    queue      a search in a chat without photos: the round trip of the job
    read once  reading the index's numbers at the speed of this machine's memory; a lower limit with `queue`
    sent once  the same numbers as fp16 from the server, in pieces of 100 photos, converted to fp32: the least
               cost of reading the chat from the server
    at once    a worker's first search, submitted as soon as the worker is ready: the chat is read for it
    first      a worker's first search, after it has prefetched the chat
    words      one or two words that some photos have, or none
    many       a word that every photo has
    period     words, among the last tenth of the photos
    like       photos similar to a photo
    after one  words, right after a photo arrived
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from redis.asyncio import Redis
from search import WORDS, bank, timed_ms, units

from vlm import keys
from vlm.engine.base import Vectors
from vlm.engine.echo import EchoEngine
from vlm.memory import Array, Memory, Photo
from vlm.protocol import ModelInfo
from vlm.queue import server
from vlm.queue.broker import Broker
from vlm.queue.client import Client
from vlm.queue.connection import connect
from vlm.worker.loop import Worker

CHAT, EMPTY = 5, 6
REVISION = "benchmark"
CONCURRENT_WRITES = 50  # photos written side by side
START_S = 60.0
SETTLED_MS = 60.0  # of CPU time in a second of idle polling


class InstantEngine(EchoEngine):
    """Embeds a query in no time, as a random vector."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.info = ModelInfo(name="instant", revision=REVISION)
        self._width, self._rng = width, np.random.default_rng(1)

    def embed_text(self, queries: Sequence[str]) -> Vectors:
        return units(self._rng, len(queries), self._width)


def main() -> None:
    """Run as the worker, or measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=int, default=10_000, help="in the chat (10000)")
    parser.add_argument("--queries", type=int, default=32, help="vectors a picture (32)")
    parser.add_argument("--width", type=int, default=256, help="of a vector (256)")
    parser.add_argument("--searches", type=int, default=100, help="of each kind (100)")
    parser.add_argument("--starts", type=int, default=5, help="of a worker, for its first search (5)")
    parser.add_argument("--worker", metavar="URL", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        asyncio.run(run_worker(options.worker, options.queries, options.width))
        return
    with tempfile.TemporaryDirectory(prefix="afterimage-find-") as folder:
        running = server.start(Path(folder))
        try:
            asyncio.run(measure(running.url, running.pid, options))
        finally:
            running.stop()


async def run_worker(url: str, queries: int, width: int) -> None:
    """A worker until it is killed."""
    reference_set = bank(np.random.default_rng(2), queries, width)
    async with connect(url) as redis:
        await Worker(
            Broker(redis, name=f"bench-{os.getpid()}"),
            InstantEngine(width),
            Memory(redis),
            reference_set=reference_set,
        ).run()


async def measure(url: str, server_pid: int, options: argparse.Namespace) -> None:
    """Fill the chat, and search it."""
    async with connect(url) as redis:
        filled_s = await timed_s(lambda: fill(Memory(redis), options))
        print(
            f"{options.photos:,} photos of {options.queries} x {options.width} written in {filled_s:.0f} s\n"
        )
        print("| search | processor ms, median | 95th | wall ms, median | 95th |\n|--|--:|--:|--:|--:|")
        await ceilings(redis, server_pid, options)
        for kind, is_ready in (("at once", False), ("first", True)):
            firsts = []
            for _ in range(options.starts):
                async with running_worker(redis, url, server_pid, options) as searcher:
                    if is_ready:
                        await searcher.wait_until_idle()
                    firsts.append(await searcher.search(query="cat"))
            row(kind, firsts)
        async with running_worker(redis, url, server_pid, options) as searcher:
            await report(searcher, options)


@asynccontextmanager
async def running_worker(
    redis: Redis, url: str, server_pid: int, options: argparse.Namespace
) -> AsyncIterator["Searcher"]:
    """A worker that has just become ready; killed at the end."""
    command = [sys.executable, __file__, "--worker", url]
    sizes = ["--queries", str(options.queries), "--width", str(options.width)]
    worker = await asyncio.create_subprocess_exec(*command, *sizes)
    try:
        async with asyncio.timeout(START_S):
            while not await redis.exists(keys.WORKER(name=f"bench-{worker.pid}")):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.005)
        yield Searcher(redis, [server_pid, worker.pid])
    finally:
        worker.kill()
        await worker.wait()


async def ceilings(redis: Redis, server_pid: int, options: argparse.Namespace) -> None:
    """The limits of this machine."""
    numbers = np.ones(
        options.photos * options.queries * options.width, np.float32
    )  # not zeros: no memory is read
    read_ms = [timed_ms(numbers.max) for _ in range(10)]
    row(f"read once ({numbers.nbytes / 1e6:.0f} MB)", read_ms)
    piece = 100 * options.queries * options.width
    halves, sender = np.ones(piece, np.float16), Searcher(redis, [server_pid])
    await redis.set("piece", halves.tobytes())

    async def send() -> None:
        for start in range(0, len(numbers), piece):
            sent = np.frombuffer(await redis.get("piece"), np.float16)
            numbers[start : start + piece] = sent[: len(numbers) - start]

    row(f"sent once ({numbers.nbytes / 2e6:.0f} MB)", [await sender.timed_ms(send) for _ in range(5)])
    await redis.delete("piece")


async def report(searcher: "Searcher", options: argparse.Namespace) -> None:
    """Each kind of search."""
    rng, count = np.random.default_rng(3), options.searches
    search = searcher.search
    row("queue", [await search(chat=EMPTY, query="cat") for _ in range(count)])
    await search(query=words(rng))
    row("words", [await search(query=words(rng)) for _ in range(count)])
    row("many", [await search(query="background") for _ in range(count)])
    since_ms = 1000 * (options.photos * 9 // 10)
    row("period", [await search(query=words(rng), since_ms=since_ms) for _ in range(count)])
    row("like", [await search(like=str(like)) for like in rng.integers(1, options.photos, count)])
    after_new_photo = []
    for number in range(count):
        await add_photo(searcher.memory, options.photos + 1 + number, rng, options)
        after_new_photo.append(await search(query=words(rng)))
    row("after one", after_new_photo)


class Searcher:
    """Runs searches and measures CPU time (of this process and `pids`) and wall time."""

    def __init__(self, redis: Redis, pids: Sequence[int]) -> None:
        self.client, self.memory, self._pids = Client(redis), Memory(redis), pids

    async def search(self, chat: int = CHAT, **task: object) -> tuple[float, float]:
        """ms of the processor, and ms until the result was read."""
        job = f"find-{time.monotonic_ns()}"

        async def searched() -> None:
            await self.client.find(job=job, chat=chat, results=f"results:{job}", **task)  # type: ignore[arg-type]
            async for _ in self.client.wait([job], results=f"results:{job}", timeout_s=60):
                return
            raise RuntimeError("no result")

        return await self.timed_ms(searched)

    async def timed_ms(self, run: Callable[[], Awaitable[object]]) -> tuple[float, float]:
        """ms of the processor, and in all."""
        computed_s = self._computed_s()
        wall_s = await timed_s(run)
        return 1000 * (self._computed_s() - computed_s), 1000 * wall_s

    async def wait_until_idle(self) -> None:
        """Wait until the processes are idle: prefetching has ended."""
        while (await self.timed_ms(lambda: asyncio.sleep(1)))[0] > SETTLED_MS:
            pass

    def _computed_s(self) -> float:
        threads = [task for pid in self._pids for task in Path(f"/proc/{pid}/task").iterdir()]
        others_ns = sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads)
        return time.process_time() + others_ns / 1e9


def row(kind: str, measured: Sequence[tuple[float, float]]) -> None:
    """One line of the table."""
    (computed, wall), (late_computed, late_wall) = np.quantile(measured, [0.5, 0.95], axis=0)
    print(f"| {kind} | {computed:.1f} | {late_computed:.1f} | {wall:.1f} | {late_wall:.1f} |", flush=True)


async def fill(memory: Memory, options: argparse.Namespace) -> None:
    """Photos with captions of two things and random vectors."""
    rng = np.random.default_rng(0)
    for start in range(1, options.photos + 1, CONCURRENT_WRITES):
        numbers = range(start, min(start + CONCURRENT_WRITES, options.photos + 1))
        await asyncio.gather(*(add_photo(memory, number, rng, options) for number in numbers))


async def add_photo(
    memory: Memory, number: int, rng: np.random.Generator, options: argparse.Namespace
) -> None:
    """One photo, as a bot and a worker write it."""
    vectors: NDArray[np.float16] = units(rng, options.queries, options.width).astype(np.float16)
    caption = f"a {' and a '.join(rng.choice(WORDS, 2))} on a green background"
    await memory.remember(CHAT, Photo(id=str(number), file_id="f", created_ms=1000 * number))
    await memory.set_caption(CHAT, str(number), caption=caption, revision=REVISION)
    packed = Array(data=vectors.tobytes(), shape=vectors.shape, revision=REVISION)
    await memory.store_vectors(CHAT, str(number), packed)


def words(rng: np.random.Generator) -> str:
    """One or two words; every third query is in no caption."""
    named = [*rng.choice(WORDS, 1 + int(rng.integers(2)))] if rng.random() < 2 / 3 else ["nothing"]
    return " and ".join(named)


async def timed_s(run: Callable[[], Awaitable[object]]) -> float:
    """Seconds of one call."""
    began_s = time.perf_counter()
    await run()
    return time.perf_counter() - began_s


if __name__ == "__main__":
    main()
