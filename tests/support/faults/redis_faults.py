"""Redis fails: the connection, the server, its memory, its disk."""

import asyncio
import random
import resource
import shutil
import time
from collections.abc import Iterator

from support.faults.base import InjectedFault
from support.faults.harness import Harness
from support.faults.proxy import Proxy


def _ways(harness: Harness) -> Iterator[Proxy]:
    return iter((harness.bot_redis, harness.worker_redis))


async def slow(harness: Harness, rng: random.Random) -> None:
    before = [way.latency_s for way in _ways(harness)]
    for way in _ways(harness):
        way.latency_s = 0.1
    await asyncio.sleep(15)
    for way, latency_s in zip(_ways(harness), before, strict=True):
        way.latency_s = latency_s
    harness.healed()


async def reset(harness: Harness, rng: random.Random) -> None:
    for _ in range(5):
        for way in _ways(harness):
            way.reset()
        await asyncio.sleep(rng.uniform(0.2, 1.5))
    harness.healed()


async def half_open(harness: Harness, rng: random.Random) -> None:
    """Longer than the clients' socket timeout of 5 s."""
    for way in _ways(harness):
        way.is_dark = True
    await asyncio.sleep(12)
    for way in _ways(harness):
        way.light()
    harness.healed()


async def cut_before_reply(harness: Harness, rng: random.Random) -> None:
    """The command is executed and its reply is lost; any commands, twenty times."""
    traps = [way.trap(b".", "after", spare=rng.randrange(400)) for way in _ways(harness) for _ in range(10)]
    await asyncio.sleep(8)
    for trap in traps:
        trap.times = 0
    harness.healed()


async def paused(harness: Harness, rng: random.Random) -> None:
    await harness.redis.client_pause(10_000)
    await asyncio.sleep(10)
    harness.healed()


async def crashed(harness: Harness, rng: random.Random) -> None:
    await asyncio.to_thread(harness.server.kill)
    await harness.start_server()


async def down(harness: Harness, rng: random.Random) -> None:
    await asyncio.to_thread(harness.server.kill)
    await asyncio.sleep(30)
    await harness.start_server()


async def emptied(harness: Harness, rng: random.Random) -> None:
    await asyncio.to_thread(harness.server.kill)
    await asyncio.to_thread(shutil.rmtree, harness.server.folder / "appendonlydir")
    await harness.start_server()


async def out_of_memory(harness: Harness, rng: random.Random) -> None:
    await harness.redis.config_set("maxmemory", 1)
    await asyncio.sleep(10)
    await harness.redis.config_set("maxmemory", 0)
    harness.healed()


async def disk_full(harness: Harness, rng: random.Random) -> None:
    """The server's files may not grow. It syncs every write, so it ends; then there is room again."""
    files = (harness.server.folder / "appendonlydir").glob("*")
    most = max(file.stat().st_size for file in files) + 2000
    resource.prlimit(harness.server.pid, resource.RLIMIT_FSIZE, (most, most))
    begun_s = time.monotonic()
    while harness.server.is_running() and time.monotonic() - begun_s < 20:  # noqa: ASYNC110 - it ends by itself
        await asyncio.sleep(0.05)
    harness.disk_was_full = not harness.server.is_running()
    await asyncio.sleep(5)
    await asyncio.to_thread(harness.server.kill)
    await harness.start_server()


SERVER = [
    InjectedFault("redis-slow", slow, "100 ms to Redis and 100 ms back, for 15 s"),
    InjectedFault("redis-reset", reset, "all connections to Redis are reset, five times"),
    InjectedFault("redis-half-open", half_open, "nothing goes through to Redis for 12 s, and nobody is told"),
    InjectedFault(
        "redis-cut", cut_before_reply, "connections cut after the command and before the reply, 20 times"
    ),
    InjectedFault("redis-paused", paused, "CLIENT PAUSE for 10 s"),
    InjectedFault("redis-crashed", crashed, "the server is killed and comes back with its append-only file"),
    InjectedFault("redis-down", down, "the same, 30 s later"),
    InjectedFault("redis-emptied", emptied, "the same, and all data is gone", loses=True),
    InjectedFault("redis-full", out_of_memory, "no memory is left (`noeviction`), for 10 s"),
    InjectedFault("redis-disk-full", disk_full, "no room for the append-only file, for 5 s or more"),
]
