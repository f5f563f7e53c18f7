"""The time of `/forget all`, the keys it leaves, and the latency of other chats meanwhile, on a real server.

    python benchmarks/forget.py [--photos 10000] [--tokens 1000]

Every photo has a caption, a note, vectors as BLIP-2 keeps them (16 KB), two questions and three messages that
lead to it; some have query tokens (48 KB). Another chat reads its latest photo in a loop: first alone, then
during `/forget all`. The last line is JSON.
"""

import argparse
import asyncio
import json
import tempfile
import time
from pathlib import Path

import numpy as np
from redis.asyncio import Redis

from vlm.memory import Array, Memory, Photo
from vlm.protocol import Turn
from vlm.queue import server
from vlm.queue.connection import connect

CHAT, OTHER = 1, 2
CONCURRENT_WRITERS = 50  # writers that fill the chat
VECTORS = Array(data=bytes(2 * 32 * 256), shape=(32, 256), revision="r")
TOKENS = Array(data=bytes(2 * 32 * 768), shape=(32, 768), revision="r")


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--photos", type=int, default=10_000, help="in the chat (10000)")
    parser.add_argument("--tokens", type=int, default=1000, help="of them with query tokens (1000)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        running = server.start(Path(folder))
        try:
            figures = asyncio.run(measure(running.url, options.photos, options.tokens))
        finally:
            running.stop()
    print(json.dumps(figures))


async def measure(url: str, photos: int, tokens: int) -> dict[str, float]:
    """Fill the chat, measure another chat alone and during `/forget all`, count the remaining keys."""
    async with connect(url) as redis:
        memory = Memory(redis)
        await memory.remember(OTHER, Photo(id="1", file_id="file", created_ms=1000))
        others = await redis.dbsize()
        await fill(memory, photos, tokens)
        filled, used = await redis.dbsize(), (await redis.info("memory"))["used_memory"]
        print(f"{photos:,} photos in {filled:,} keys, {used / 1e6:,.0f} MB")
        alone = await measure_other_chat(url, asyncio.sleep(5))
        began_s = time.perf_counter()
        meanwhile = await measure_other_chat(url, memory.forget_chat(CHAT))
        took_s = time.perf_counter() - began_s
        left = await keys_left(redis) - others
    print(f"forgotten in {took_s:.2f} s; {left} keys of it left besides the mark that lives for a day")
    for name, waits_ms in (("alone", alone), ("meanwhile", meanwhile)):
        middle, late, worst = np.quantile(waits_ms, [0.5, 0.99, 1])
        print(f"another chat, {name}: median {middle:.2f} ms, 99th {late:.2f}, worst {worst:.2f}")
    return {
        "photos": photos,
        "forget_s": round(took_s, 3),
        "keys_left": left,
        "other_p99_ms": round(float(np.quantile(meanwhile, 0.99)), 2),
    }


async def fill(memory: Memory, photos: int, tokens: int) -> None:
    """A chat of many photos."""

    async def writer(first: int) -> None:
        for number in range(first, photos + 1, CONCURRENT_WRITERS):
            await add(memory, str(number), with_tokens=number <= tokens)

    await asyncio.gather(*(writer(first) for first in range(1, CONCURRENT_WRITERS + 1)))


async def add(memory: Memory, id: str, *, with_tokens: bool) -> None:
    """A photo and all that is kept with it."""
    await memory.remember(CHAT, Photo(id=id, file_id="f" * 70, created_ms=1000 * int(id), note="in May"))
    await memory.set_caption(CHAT, id, caption="a red bicycle in front of a house", revision="r")
    await memory.store_vectors(CHAT, id, VECTORS)
    for job in ("a", "b"):
        turn = Turn(question="what colour is the house", answer="white")
        await memory.add_turn(CHAT, id, job=job, turn=turn, at_ms=1)
        await memory.link(CHAT, f"{id}{job}", id)
    if with_tokens:
        await memory.store_tokens(CHAT, id, TOKENS)


async def measure_other_chat(url: str, work: object) -> list[float]:
    """Latencies in ms of another chat's latest photo, until `work` is done."""
    waits_ms: list[float] = []
    working = asyncio.ensure_future(work)  # type: ignore[call-overload]
    async with connect(url) as redis:
        memory = Memory(redis)
        while not working.done():
            began_s = time.perf_counter()
            await memory.latest(OTHER)
            waits_ms.append(1000 * (time.perf_counter() - began_s))
    await working
    return waits_ms


async def keys_left(redis: Redis) -> int:
    """How many keys the server has, besides the mark."""
    return int(await redis.dbsize()) - int(await redis.exists(f"forgotten:{{{CHAT}}}"))


if __name__ == "__main__":
    main()
