"""The processes, with proxies between them, and operations on each.

bot ──► telegram ──► sandbox          worker ──► worker_redis ──┐
 └────► bot_redis ────────────────────────────────────────────► server

The server has its append-only file and syncs every write. Telegram is some milliseconds away, and so is the
worker's Redis: as in production, and so that something is always in flight.
"""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psutil
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from bot.exports.exporter import EXPORTS
from bot.exports.exporter import GROUP as EXPORTING
from bot.state.keys import JOB_STATS, MENUS
from bot.transport.journal import BOT_ID, GROUP, UPDATES
from bot.transport.webhook import listen
from support.bot_stack import TOKEN, Stack
from support.faults.proxy import Proxy
from support.programs import BOT, LEASE_S, WORKER
from vlm import keys
from vlm.queue.server import start

STREAMS = {
    UPDATES: GROUP,
    EXPORTS: EXPORTING,
    keys.results_key(): keys.DELIVERY,
    **dict.fromkeys(keys.JOB_STREAMS.values(), keys.WORKERS),
}
AWAY_S = 0.03  # one way
PERMANENT = ("photos", "photo", "turns", "messages", "links", "changes", "chat")
PASSING = ("blob", "editing", "forgetting")  # gone when what they are for is done
OURS = {*STREAMS, BOT_ID, keys.WORKER_NAMES(), keys.DEAD_LETTERS(), JOB_STATS(), MENUS()}


class Harness(Stack):
    """`prelude` is Python that each process runs first, from programs.py. With `by_webhook`,
    the sandbox calls the bot's webhook instead of being polled.

    people     chat -> user; in a group, one of its administrators
    gone       chats in which nobody can read the bot's messages any more
    moved      group -> supergroup, after a migration
    clocks     the files that shift the clock of a process: see CLOCK in programs.py
    """

    def __init__(self, folder: Path, prelude: str = "", *, by_webhook: bool = False) -> None:
        super().__init__(folder)
        self.prelude = prelude
        self.hook: dict[str, str] = _hook() if by_webhook else {}
        self.healed_s = 0.0
        self.picked_up_s = 0.0
        self.rss_mb: dict[str, float] = {}
        self.people: dict[int, int] = {}
        self.gone: set[int] = set()
        self.moved: dict[int, int] = {}
        self.clocks = {name: folder / f"{name}.clock" for name in ("bot", "worker")}
        for clock in self.clocks.values():
            clock.write_bytes(bytes(8))

    async def open(self) -> None:
        """Start everything."""
        self.bot_redis, self.worker_redis = Proxy(self.server.url), Proxy(self.server.url)
        await self.bot_redis.start()
        await self.worker_redis.start()
        self.worker_redis.latency_s = AWAY_S / 2
        self.redis = Redis.from_url(self.server.url, decode_responses=True, encoding_errors="replace")
        await asyncio.to_thread(self.start_sandbox)
        self.telegram = Proxy(self.page)
        self.telegram.latency_s = AWAY_S
        await self.telegram.start()
        await asyncio.to_thread(self.start_worker)
        await asyncio.to_thread(self.start_bot)
        await asyncio.to_thread(self.log_line, "bot", "(Ready)")

    async def shut(self) -> None:
        for proxy in (self.bot_redis, self.worker_redis, self.telegram):
            await proxy.close()
        await self.redis.aclose()
        await asyncio.to_thread(self.close)

    def start_bot(self, name: str = "bot", **environ: str) -> None:
        settings = {
            "BOT_TOKEN": TOKEN,
            "BOT_API_URL": f"http://127.0.0.1:{self.telegram.port}",
            "REDIS_URL": f"redis://127.0.0.1:{self.bot_redis.port}/0",
        }
        settings["CLOCK"] = str(self.clocks["bot"])
        self._start(name, ["-c", self.prelude + BOT % ""], **{**settings, **self.hook, **environ})

    def start_worker(self, name: str = "worker", **environ: str) -> None:
        url = f"redis://127.0.0.1:{self.worker_redis.port}/0"
        settings = {"VLM_LEASE_S": str(int(LEASE_S)), "CLOCK": str(self.clocks["worker"])}
        self._start(name, ["-c", self.prelude + WORKER.format(url=url)], **{**settings, **environ})
        self.log_line(name, "(ready)")

    async def start_server(self) -> None:
        """Start the server again in its folder, with the files there."""
        self.server = await asyncio.to_thread(start, self.folder / "server")
        self.healed()

    def healed(self) -> None:
        """Mark the end of the fault."""
        self.healed_s = time.monotonic()

    def pid(self, name: str) -> int:
        return self._running[name].pid

    def is_up(self, name: str) -> bool:
        return name in self._running and self._running[name].poll() is None

    def send(self, name: str, signum: signal.Signals) -> None:
        os.kill(self.pid(name), signum)

    async def restart(self, name: str) -> None:
        """Start a process again once it has ended, as a supervisor does."""
        await asyncio.to_thread(self._running[name].wait)
        start = self.start_bot if name.startswith("bot") else self.start_worker
        await asyncio.to_thread(start, name)

    async def crash(self, name: str) -> None:
        """Kill a process and start it again; record how long other processes take to pick up its entries."""
        dead = f"-{self.pid(name)}-"
        self.send(name, signal.SIGKILL)
        await self.after_crash(name, dead)

    async def after_crash(self, name: str, dead: str) -> None:
        self.healed()
        orphans = await self.held_by(dead)
        await asyncio.gather(self.restart(name), self._picked_up(dead) if orphans else asyncio.sleep(0))

    async def _picked_up(self, dead: str) -> None:
        begun_s = time.monotonic()
        while await self.held_by(dead):  # noqa: ASYNC110 - it happens in other processes
            await asyncio.sleep(0.05)
        self.picked_up_s = max(self.picked_up_s, time.monotonic() - begun_s)

    async def held_by(self, part_of_name: str) -> int:
        """The number of entries that a process holds."""
        count = 0
        for stream, group in STREAMS.items():
            with contextlib.suppress(RedisError):
                pending: Any = await self.redis.xpending(stream, group)
                mine = [consumer for consumer in pending["consumers"] if part_of_name in consumer["name"]]
                count += sum(int(consumer["pending"]) for consumer in mine)
        return count

    async def tails(self) -> dict[str, str]:
        """The last entry of each stream."""
        tails = {}
        for stream in STREAMS:
            with contextlib.suppress(RedisError):
                last: Any = await self.redis.xrevrange(stream, count=1)
                tails[stream] = last[0][0] if last else "0-0"
        return tails

    async def is_past(self, tails: dict[str, str]) -> bool:
        """Whether all entries up to `tails` are done."""
        try:
            return not any([await self.redis.xrange(name, "-", last, 1) for name, last in tails.items()])
        except RedisError:
            return False

    async def waiting(self) -> int:
        """The number of entries in all streams; 0 while the server is unavailable."""
        try:
            return sum([await self.redis.xlen(name) for name in STREAMS])
        except RedisError:
            return 0

    async def is_idle(self) -> bool:
        """Whether all streams are empty."""
        try:
            return not any([await self.redis.xlen(name) for name in STREAMS])
        except RedisError:
            return False

    async def recorded_keys(self, chats: Iterable[int]) -> dict[int, dict[int, str]]:
        """Chat -> message id -> idempotency key, as the bot recorded them."""
        idempotency_keys = {}
        for chat in {*chats, *self.moved.values()}:
            sent: Any = await self.redis.hgetall(f"said:{{{chat}}}")
            idempotency_keys[chat] = {int(message): key for key, message in sent.items() if message}
        return idempotency_keys

    async def leftovers(self) -> list[str]:
        """Keys that should be deleted or expire and do not, and entries that a process still holds."""
        leftovers = []
        for stream, group in STREAMS.items():
            with contextlib.suppress(ResponseError):
                pending: Any = await self.redis.xpending(stream, group)
                leftovers += [f"{stream}: pending"] if pending["pending"] else []
        async for key in self.redis.scan_iter(count=500):
            if not await self._belongs(key):
                leftovers.append(key)
        return leftovers

    async def _belongs(self, key: str) -> bool:
        """Whether a key may stay: it is listed here, it expires, or its photo is still in the chat."""
        kind, _, rest = key.partition(":{")
        if kind in PASSING:
            return False
        if key in OURS or await self.redis.ttl(key) != -1:  # -2: it is gone by now
            return True
        chat, _, photo = rest.partition("}")
        if photo and kind in PERMANENT:
            return await self.redis.zscore(f"photos:{{{chat}}}", photo.removeprefix(":")) is not None
        return kind in PERMANENT

    def weigh(self) -> None:
        """Record the peak memory of bot and worker."""
        for name, process in self._running.items():
            with contextlib.suppress(psutil.Error):
                mb = psutil.Process(process.pid).memory_info().rss / (1 << 20)
                self.rss_mb[name] = max(self.rss_mb.get(name, 0.0), mb)


def _hook() -> dict[str, str]:
    """The settings of a webhook on a free port."""
    with listen("127.0.0.1", 0) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    return {
        "BOT_WEBHOOK_URL": f"http://{address}/hook",
        "BOT_WEBHOOK_SECRET": "of-the-harness",
        "BOT_WEBHOOK_LISTEN": address,
    }
