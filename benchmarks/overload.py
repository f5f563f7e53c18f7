"""Fairness and goodput under three times the capacity, most of the load from one chat.

    python benchmarks/overload.py                  # five minutes without the flood, five with it
    python benchmarks/overload.py --seconds 60

A real server and real worker processes. Their model takes half a second a call for any batch, so their
capacity is known. Twenty chats submit half of it at random times; then one more chat submits a hundred times
as much as each of them. Refused jobs are not retried.

    goodput    jobs answered during the flood, as a share of the capacity
    told       of the jobs without an answer, the share that was refused with a message
    fairness   Jain's index of the share of answered jobs of the twenty chats; 1: all equal
    p95        of the twenty chats: from submission to the result, without the flood and with it

The last line is JSON.
"""

import argparse
import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from vlm.engine.echo import EchoEngine
from vlm.errors import AfterimageError
from vlm.memory import Memory
from vlm.protocol import Answered, decode_result
from vlm.queue import server
from vlm.queue.broker import Broker
from vlm.queue.client import Client
from vlm.queue.connection import connect
from vlm.worker.loop import Worker

WORKERS, BATCH, BATCH_S = 2, 8, 1.0
CAPACITY = WORKERS * BATCH / BATCH_S  # jobs a second
CHATS = 20
CHAT_RATE = CAPACITY / 2 / CHATS
FLOODER, FLOOD_RATE = 0, 100 * CHAT_RATE
DRAIN_S = 120.0  # for jobs that were admitted before the end


class Arrival(NamedTuple):
    """A job's time after the start, and its chat."""

    at_s: float
    chat: int


@dataclass
class LoadPhase:
    """The outcome of each job. Times are those of `time.perf_counter`."""

    asked_s: dict[str, float] = field(default_factory=dict)
    answered_s: dict[str, float] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)  # job -> the message

    def goodput(self) -> float:
        """Jobs a second that were answered between the first submission and the last."""
        first_s, last_s = min(self.asked_s.values()), max(self.asked_s.values())
        return sum(at_s <= last_s for at_s in self.answered_s.values()) / (last_s - first_s)

    def refused_share(self) -> float:
        """The share of unanswered jobs that was refused with a message."""
        unanswered = self.asked_s.keys() - self.answered_s
        return sum(bool(self.refused.get(job)) for job in unanswered) / max(1, len(unanswered))

    def shares(self) -> list[float]:
        """Of each chat that does not flood, the share of its jobs that was answered."""
        asked, answered = [Counter(_chat(job) for job in jobs) for jobs in (self.asked_s, self.answered_s)]
        return [answered[chat] / asked[chat] for chat in asked if chat != FLOODER]

    def times_s(self) -> list[float]:
        """From submission to the result, of the chats that do not flood."""
        return [at_s - self.asked_s[job] for job, at_s in self.answered_s.items() if _chat(job) != FLOODER]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=300, help="how long, with and without the flood")
    parser.add_argument("--seed", type=int, default=1, help="of the times at which chats ask")
    parser.add_argument("--worker", nargs=2, metavar=("URL", "NAME"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        asyncio.run(work(*options.worker))
    else:
        asyncio.run(measure(options.seconds, options.seed))


async def measure(seconds: float, seed: int) -> None:
    quiet = dict.fromkeys(range(1, CHATS + 1), CHAT_RATE)
    with tempfile.TemporaryDirectory() as folder:
        running = server.start(Path(folder))
        try:
            with workers(running.url):
                async with connect(running.url) as redis:
                    client = Client(redis)
                    while len(await client.models()) < WORKERS:  # noqa: ASYNC110 - they are other processes
                        await asyncio.sleep(0.05)
                    alone = await run(client, "alone", poisson_arrivals(quiet, seconds, seed))
                    flood = await run(
                        client, "flood", poisson_arrivals(quiet | {FLOODER: FLOOD_RATE}, seconds, seed)
                    )
        finally:
            running.stop()
    report(alone, flood, seconds)


def poisson_arrivals(rates: dict[int, float], seconds: float, seed: int) -> list[Arrival]:
    """Poisson arrivals, `rates` a second for each chat."""
    rng = random.Random(seed)
    arrivals = []
    for chat, rate in rates.items():
        at_s = rng.expovariate(rate)
        while at_s < seconds:
            arrivals.append(Arrival(at_s, chat))
            at_s += rng.expovariate(rate)
    return sorted(arrivals)


async def run(client: Client, name: str, arrivals: Sequence[Arrival]) -> LoadPhase:
    """Submit the jobs at their times, and wait for those that were admitted."""
    phase, submits, is_over = LoadPhase(), set(), asyncio.Event()
    listener = asyncio.create_task(listen(client, phase, is_over))
    began_s = time.perf_counter()
    for n, (at_s, chat) in enumerate(arrivals):
        await asyncio.sleep(max(0, began_s + at_s - time.perf_counter()))
        job = f"{name}:{n}:{chat}"
        phase.asked_s[job] = time.perf_counter()
        submits.add(asyncio.create_task(submit(client, phase, job, chat)))
    await asyncio.wait(submits)
    end_s = time.perf_counter() + DRAIN_S
    while await client.backlog() and time.perf_counter() < end_s:  # noqa: ASYNC110 - others work on it
        await asyncio.sleep(0.1)
    is_over.set()
    await listener
    return phase


async def submit(client: Client, phase: LoadPhase, job: str, chat: int) -> None:
    try:
        await client.caption(job=job, chat=chat, photo=None, picture=PICTURE)
    except AfterimageError as error:
        phase.refused[job] = str(error)


async def listen(client: Client, phase: LoadPhase, is_over: asyncio.Event) -> None:
    """Read results as the bot's delivery does, until it is over and nothing is left."""
    group = client.results("benchmark")
    await group.ensure()
    while (entries := await group.take(64, 1000)) or not is_over.is_set():
        for entry in entries:
            result = decode_result(entry.fields[b"result"])
            if isinstance(result.outcome, Answered):
                phase.answered_s[result.job] = time.perf_counter()
            else:
                phase.refused[result.job] = str(result.outcome)
        if entries:
            await group.ack(*entries)


def report(alone: LoadPhase, flood: LoadPhase, seconds: float) -> None:
    before_s, during_s = percentile(alone.times_s(), 0.95), percentile(flood.times_s(), 0.95)
    figures = {
        "seconds": seconds,
        "asked": len(flood.asked_s),
        "answered": len(flood.answered_s),
        "load": round(len(flood.asked_s) / seconds / CAPACITY, 2),
        "goodput": round(flood.goodput() / CAPACITY, 3),
        "told": flood.refused_share(),
        "fairness": round(jain(flood.shares()), 4),
        "p95_alone_s": round(before_s, 2),
        "p95_flood_s": round(during_s, 2),
        "p95_goal_s": round(1.5 * before_s + BATCH_S, 2),
    }
    print(f"asked for              {figures['load']} times what can be done, {figures['asked']} jobs")
    print(f"goodput                {figures['goodput']:.1%} of it (goal: at least 90 %)")
    print(f"refused and told so    {figures['told']:.1%} of the rest (goal: all)")
    print(f"fairness of the others {figures['fairness']} (goal: at least 0.95)")
    print(
        f"their p95              {during_s:.2f} s, alone {before_s:.2f} s (goal: {figures['p95_goal_s']} s)"
    )
    print(json.dumps(figures))


def jain(shares: Sequence[float]) -> float:
    """(sum x)^2 / (n * sum x^2): 1 where all get the same, 1/n where one gets all.

    Source:  Jain, Chiu, Hawe: A quantitative measure of fairness (1984).
    """
    squares = sum(share**2 for share in shares)
    return sum(shares) ** 2 / (len(shares) * squares) if squares else 1.0


def percentile(values: Iterable[float], part: float) -> float:
    """The value below which `part` of the values lie; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0


def _chat(job: str) -> int:
    return int(job.rpartition(":")[2])


def _picture() -> bytes:
    file = BytesIO()
    Image.new("RGB", (64, 64), "red").save(file, "PNG")
    return file.getvalue()


PICTURE = _picture()


async def work(url: str, name: str) -> None:
    """A worker whose model encodes and generates in BATCH_S / 2 each, for any batch."""
    async with connect(url) as redis:
        engine = EchoEngine(delay_s=BATCH_S / 2)
        await Worker(Broker(redis, name=name), engine, Memory(redis), batch=BATCH).run()


@contextmanager
def workers(url: str) -> Iterator[None]:
    commands = [[sys.executable, __file__, "--worker", url, f"worker-{n}"] for n in range(WORKERS)]
    running = [subprocess.Popen(command) for command in commands]
    try:
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait()


if __name__ == "__main__":
    main()
