"""How long a search in a chat takes, besides the model: from submitting it until its result is read.

    python benchmarks/find.py                               # 10,000 photos as BLIP-2 keeps them
    python benchmarks/find.py --photos 1000 --searches 40

A real server with durable writes, a worker in a process of its own, a model that reads a query in no time;
random vectors and words, a background of 128 pictures. `processor` is what server, worker and client together
computed, which a busy machine hardly changes; `wall` is what passed.

    queue      a search in a chat without photos: the way there and back
    read once  the album's numbers at the speed of this machine's memory; both together are the ceiling
    sent once  the same as halves from the server, in pieces of 100 photos; and made floats: what reading the
               chat from the server costs at least
    at once    a worker's first search, asked for the moment that it is ready: the chat is read for it
    first      a worker's first search, after it has read ahead what it expects
    words      one or two words that some photos have, or none
    many       a word that every photo has
    period     words, of the last tenth of the photos
    like       what is like a photo
    after one  words, right after a photo came
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
AT_ONCE = 50  # photos written side by side
START_S = 60.0
SETTLED_MS = 60.0  # computed in a second: looking for jobs, and no more


class Instant(EchoEngine):
    """Reads a query in no time: its vector is drawn."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.info = ModelInfo(name="instant", revision=REVISION)
        self._width, self._rng = width, np.random.default_rng(1)

    def embed_text(self, queries: Sequence[str]) -> Vectors:
        return units(self._rng, len(queries), self._width)


def main() -> None:
    """Parse; be the worker, or measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=int, default=10_000, help="in the chat (10000)")
    parser.add_argument("--queries", type=int, default=32, help="vectors a picture (32)")
    parser.add_argument("--width", type=int, default=256, help="of a vector (256)")
    parser.add_argument("--searches", type=int, default=100, help="of each kind (100)")
    parser.add_argument("--starts", type=int, default=5, help="of a worker, for its first search (5)")
    parser.add_argument("--worker", metavar="URL", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.worker:
        asyncio.run(work(wanted.worker, wanted.queries, wanted.width))
        return
    with tempfile.TemporaryDirectory(prefix="afterimage-find-") as folder:
        running = server.start(Path(folder))
        try:
            asyncio.run(measure(running.url, running.pid, wanted))
        finally:
            running.stop()


async def work(url: str, queries: int, width: int) -> None:
    """A worker until it is killed."""
    reference_set = bank(np.random.default_rng(2), queries, width)
    async with connect(url) as redis:
        await Worker(
            Broker(redis, name=f"bench-{os.getpid()}"),
            Instant(width),
            Memory(redis),
            reference_set=reference_set,
        ).run()


async def measure(url: str, server_pid: int, wanted: argparse.Namespace) -> None:
    """Fill the chat, and search it."""
    async with connect(url) as redis:
        filled_s = await timed_s(lambda: fill(Memory(redis), wanted))
        print(f"{wanted.photos:,} photos of {wanted.queries} x {wanted.width} written in {filled_s:.0f} s\n")
        print("| search | processor ms, median | 95th | wall ms, median | 95th |\n|--|--:|--:|--:|--:|")
        await ceilings(redis, server_pid, wanted)
        for kind, is_ready in (("at once", False), ("first", True)):
            firsts = []
            for _ in range(wanted.starts):
                async with working(redis, url, server_pid, wanted) as searcher:
                    if is_ready:
                        await searcher.settled()
                    firsts.append(await searcher.search(query="cat"))
            row(kind, firsts)
        async with working(redis, url, server_pid, wanted) as searcher:
            await report(searcher, wanted)


@asynccontextmanager
async def working(
    redis: Redis, url: str, server_pid: int, wanted: argparse.Namespace
) -> AsyncIterator["Searcher"]:
    """A worker that has just become ready; it is killed at the end."""
    command = [sys.executable, __file__, "--worker", url]
    sizes = ["--queries", str(wanted.queries), "--width", str(wanted.width)]
    worker = await asyncio.create_subprocess_exec(*command, *sizes)
    try:
        async with asyncio.timeout(START_S):
            while not await redis.exists(keys.WORKER(name=f"bench-{worker.pid}")):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.005)
        yield Searcher(redis, [server_pid, worker.pid])
    finally:
        worker.kill()
        await worker.wait()


async def ceilings(redis: Redis, server_pid: int, wanted: argparse.Namespace) -> None:
    """What this machine could do at best."""
    numbers = np.ones(
        wanted.photos * wanted.queries * wanted.width, np.float32
    )  # not zeros: no memory is read
    read_ms = [timed_ms(numbers.max) for _ in range(10)]
    row(f"read once ({numbers.nbytes / 1e6:.0f} MB)", read_ms)
    piece = 100 * wanted.queries * wanted.width
    halves, sender = np.ones(piece, np.float16), Searcher(redis, [server_pid])
    await redis.set("piece", halves.tobytes())

    async def send() -> None:
        for start in range(0, len(numbers), piece):
            sent = np.frombuffer(await redis.get("piece"), np.float16)
            numbers[start : start + piece] = sent[: len(numbers) - start]

    row(f"sent once ({numbers.nbytes / 2e6:.0f} MB)", [await sender.timed_ms(send) for _ in range(5)])
    await redis.delete("piece")


async def report(searcher: "Searcher", wanted: argparse.Namespace) -> None:
    """Each kind of search."""
    rng, count = np.random.default_rng(3), wanted.searches
    search = searcher.search
    row("queue", [await search(chat=EMPTY, query="cat") for _ in range(count)])
    await search(query=words(rng))
    row("words", [await search(query=words(rng)) for _ in range(count)])
    row("many", [await search(query="background") for _ in range(count)])
    since_ms = 1000 * (wanted.photos * 9 // 10)
    row("period", [await search(query=words(rng), since_ms=since_ms) for _ in range(count)])
    row("like", [await search(like=str(like)) for like in rng.integers(1, wanted.photos, count)])
    after = []
    for number in range(count):
        await come(searcher.memory, wanted.photos + 1 + number, rng, wanted)
        after.append(await search(query=words(rng)))
    row("after one", after)


class Searcher:
    """Searches, and times it: of the processor (this process and `pids`), and in all."""

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

    async def settled(self) -> None:
        """Wait until hardly anything is computed: what is to be read ahead has been read."""
        while (await self.timed_ms(lambda: asyncio.sleep(1)))[0] > SETTLED_MS:
            pass

    def _computed_s(self) -> float:
        threads = [task for pid in self._pids for task in Path(f"/proc/{pid}/task").iterdir()]
        others_ns = sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads)
        return time.process_time() + others_ns / 1e9


def row(kind: str, found: Sequence[tuple[float, float]]) -> None:
    """One line of the table."""
    (computed, wall), (late_computed, late_wall) = np.quantile(found, [0.5, 0.95], axis=0)
    print(f"| {kind} | {computed:.1f} | {late_computed:.1f} | {wall:.1f} | {late_wall:.1f} |", flush=True)


async def fill(memory: Memory, wanted: argparse.Namespace) -> None:
    """Photos with captions of two things and random vectors."""
    rng = np.random.default_rng(0)
    for start in range(1, wanted.photos + 1, AT_ONCE):
        some = range(start, min(start + AT_ONCE, wanted.photos + 1))
        await asyncio.gather(*(come(memory, number, rng, wanted) for number in some))


async def come(memory: Memory, number: int, rng: np.random.Generator, wanted: argparse.Namespace) -> None:
    """One photo, as a bot and a worker write it."""
    vectors: NDArray[np.float16] = units(rng, wanted.queries, wanted.width).astype(np.float16)
    said = f"a {' and a '.join(rng.choice(WORDS, 2))} on a green background"
    await memory.remember(CHAT, Photo(id=str(number), file_id="f", created_ms=1000 * number))
    await memory.set_caption(CHAT, str(number), caption=said, revision=REVISION)
    packed = Array(data=vectors.tobytes(), shape=vectors.shape, revision=REVISION)
    await memory.store_vectors(CHAT, str(number), packed)


def words(rng: np.random.Generator) -> str:
    """One or two words; every third query is in no caption."""
    named = [*rng.choice(WORDS, 1 + int(rng.integers(2)))] if rng.random() < 2 / 3 else ["nothing"]
    return " and ".join(named)


async def timed_s(run: Callable[[], Awaitable[object]]) -> float:
    """What a call takes, in seconds."""
    began_s = time.perf_counter()
    await run()
    return time.perf_counter() - began_s


if __name__ == "__main__":
    main()
