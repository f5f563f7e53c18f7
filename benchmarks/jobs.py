"""The cost of the queue: latency of a job and no-op jobs a second, on a real server with worker processes.

    python benchmarks/jobs.py [--jobs N] [--workers N]

The engine is `echo`, which takes no time, and the questions are about a photo whose query tokens are cached,
so that Redis, the streams, the memory and the worker's loop are measured. The last line is JSON.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image
from redis.asyncio import Redis

from vlm.memory import Memory, Photo
from vlm.queue import server
from vlm.queue.client import Client
from vlm.queue.connection import connect
from vlm.queue.streams import Group

CHAT = 1
OWN = "results:benchmark"


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--jobs", type=int, default=2000, help="jobs of the throughput measurement")
    parser.add_argument("--workers", type=int, default=1, help="worker processes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        running = server.start(Path(folder))
        try:
            with workers(running.url, options.workers):
                async with connect(running.url) as redis:
                    await report(redis, options.jobs, options.workers)
        finally:
            running.stop()


async def report(redis: Redis, jobs: int, count: int) -> None:
    client = Client(redis, queue_max=10 * jobs, chat_max=10 * jobs)
    await prepare(client, redis, count)
    stream_hop_ms = percentiles(await hops(redis, 500))
    round_trip_ms = percentiles([await round_trip(client, f"round {n}") for n in range(300)])
    rate = round(await throughput(client, jobs))
    info = await redis.info("server")
    figures = {
        "stream_hop_ms": stream_hop_ms,
        "job_round_trip_ms": round_trip_ms,
        "jobs_a_second": rate,
        "jobs": jobs,
        "workers": count,
        "server": f"{info.get('server_name', 'redis')} {info.get('valkey_version', info['redis_version'])}",
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
    }
    print(f"bare stream hop        p50 {stream_hop_ms[0]} ms, p99 {stream_hop_ms[1]} ms")
    print(f"submit, work, result   p50 {round_trip_ms[0]} ms, p99 {round_trip_ms[1]} ms")
    print(f"no-op jobs a second    {rate} with {count} worker(s)")
    print(json.dumps(figures))


async def prepare(client: Client, redis: Redis, count: int) -> None:
    """Wait for the workers, and cache the query tokens of a photo."""
    while len(await client.models()) < count:  # noqa: ASYNC110 - they are other processes
        await asyncio.sleep(0.05)
    await Memory(redis).remember(CHAT, Photo(id="1", file_id="f", created_ms=1))
    file = BytesIO()
    Image.new("RGB", (64, 64), "red").save(file, "PNG")
    await client.caption(job="prepare", chat=CHAT, photo="1", picture=file.getvalue(), results=OWN)
    await collect(client, {"prepare"})


async def hops(redis: Redis, count: int) -> list[float]:
    group = Group(redis, ["hop"], group="g", consumer="c")
    await group.ensure()
    times_ms = []
    for _ in range(count):
        taking = asyncio.create_task(group.take(1, 1000))
        await asyncio.sleep(0.002)  # until it waits at the server
        began_s = time.perf_counter()
        await redis.xadd("hop", {"v": "x"})
        entries = await taking
        times_ms.append(1000 * (time.perf_counter() - began_s))
        await group.ack(*entries)
    return times_ms


async def round_trip(client: Client, job: str) -> float:
    began_s = time.perf_counter()
    await submit(client, job)
    await collect(client, {job})
    return 1000 * (time.perf_counter() - began_s)


async def throughput(client: Client, count: int) -> float:
    jobs = {f"job {n}" for n in range(count)}
    for job in jobs:
        await submit(client, job)
    began_s, waiting = time.perf_counter(), await client.backlog()  # the workers have begun meanwhile
    await collect(client, jobs)
    return waiting / (time.perf_counter() - began_s)


async def submit(client: Client, job: str) -> None:
    await client.ask(job=job, chat=CHAT, photo="1", question="what?", results=OWN)


async def collect(client: Client, jobs: set[str]) -> None:
    async for _ in client.wait(jobs, results=OWN, timeout_s=60):
        pass


def percentiles(times_ms: list[float]) -> list[float]:
    cuts = statistics.quantiles(times_ms, n=100)
    return [round(cuts[49], 2), round(cuts[98], 2)]


@contextmanager
def workers(url: str, count: int) -> Iterator[None]:
    command = [sys.executable, "-m", "vlm.cli", "worker", "--model", "echo", "--redis", url]
    running = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for _ in range(count)]
    try:
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait()


if __name__ == "__main__":
    asyncio.run(main())
