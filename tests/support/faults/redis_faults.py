"""Redis goes wrong: the way to it, the server itself, its memory and its disk."""

import asyncio
import random
import resource
import shutil
import time
from collections.abc import Iterator

from support.faults.base import Fault
from support.faults.harness import Rig
from support.faults.proxy import Proxy


def _ways(rig: Rig) -> Iterator[Proxy]:
    return iter((rig.bot_redis, rig.worker_redis))


async def slow(rig: Rig, rng: random.Random) -> None:
    before = [way.latency_s for way in _ways(rig)]
    for way in _ways(rig):
        way.latency_s = 0.1
    await asyncio.sleep(15)
    for way, latency_s in zip(_ways(rig), before, strict=True):
        way.latency_s = latency_s
    rig.healed()


async def reset(rig: Rig, rng: random.Random) -> None:
    for _ in range(5):
        for way in _ways(rig):
            way.reset()
        await asyncio.sleep(rng.uniform(0.2, 1.5))
    rig.healed()


async def half_open(rig: Rig, rng: random.Random) -> None:
    """Longer than the clients' patience, which is 5 s a try."""
    for way in _ways(rig):
        way.is_dark = True
    await asyncio.sleep(12)
    for way in _ways(rig):
        way.light()
    rig.healed()


async def cut_before_reply(rig: Rig, rng: random.Random) -> None:
    """The command was done, and nobody hears so; any commands, twenty times."""
    traps = [way.trap(b".", "after", spare=rng.randrange(400)) for way in _ways(rig) for _ in range(10)]
    await asyncio.sleep(8)
    for trap in traps:
        trap.times = 0
    rig.healed()


async def paused(rig: Rig, rng: random.Random) -> None:
    await rig.redis.client_pause(10_000)
    await asyncio.sleep(10)
    rig.healed()


async def crashed(rig: Rig, rng: random.Random) -> None:
    await asyncio.to_thread(rig.server.kill)
    await rig.start_server()


async def down(rig: Rig, rng: random.Random) -> None:
    await asyncio.to_thread(rig.server.kill)
    await asyncio.sleep(30)
    await rig.start_server()


async def emptied(rig: Rig, rng: random.Random) -> None:
    await asyncio.to_thread(rig.server.kill)
    await asyncio.to_thread(shutil.rmtree, rig.server.folder / "appendonlydir")
    await rig.start_server()


async def out_of_memory(rig: Rig, rng: random.Random) -> None:
    await rig.redis.config_set("maxmemory", 1)
    await asyncio.sleep(10)
    await rig.redis.config_set("maxmemory", 0)
    rig.healed()


async def disk_full(rig: Rig, rng: random.Random) -> None:
    """Its files may not grow any more. It syncs every write, so it ends; then there is room again."""
    files = (rig.server.folder / "appendonlydir").glob("*")
    most = max(file.stat().st_size for file in files) + 2000
    resource.prlimit(rig.server.pid, resource.RLIMIT_FSIZE, (most, most))
    begun_s = time.monotonic()
    while rig.server.is_running() and time.monotonic() - begun_s < 20:  # noqa: ASYNC110 - it ends by itself
        await asyncio.sleep(0.05)
    rig.disk_was_full = not rig.server.is_running()
    await asyncio.sleep(5)
    await asyncio.to_thread(rig.server.kill)
    await rig.start_server()


SERVER = [
    Fault("redis-slow", slow, "100 ms to Redis and 100 ms back, for 15 s"),
    Fault("redis-reset", reset, "all connections to Redis are reset, five times"),
    Fault("redis-half-open", half_open, "nothing goes through to Redis for 12 s, and nobody is told"),
    Fault("redis-cut", cut_before_reply, "connections cut after the command and before the reply, 20 times"),
    Fault("redis-paused", paused, "CLIENT PAUSE for 10 s"),
    Fault("redis-crashed", crashed, "the server is killed and comes back with its append-only file"),
    Fault("redis-down", down, "the same, 30 s later"),
    Fault("redis-emptied", emptied, "the same, and all data is gone", loses=True),
    Fault("redis-full", out_of_memory, "no memory is left (`noeviction`), for 10 s"),
    Fault("redis-disk-full", disk_full, "no room for the append-only file, for 5 s or more"),
]
