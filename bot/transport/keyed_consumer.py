"""Entries of a stream, worked on in order within a chat and side by side across chats and processes.

    Group ──take──► lane of chat 1: entry, entry, …     each lane is one task; it ends when its lane is empty
                    lane of chat 2: entry               at most `slots` entries are worked on at once

An entry is acknowledged after it was handled, so when a process dies, another takes it over after the lease.
A chat that Telegram slows down waits alone. An entry that failed, or ended its process, DELIVERIES times is
given up.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from redis.exceptions import RedisError

from bot.transport.rate_limit_notice import RateLimitNotice
from bot.transport.rate_limiter import GroupLimitReached
from bot.transport.retry import backoff_s, is_permanent, is_transient
from vlm.logs import about
from vlm.queue.streams import Entry, Group
from vlm.queue.tasks import cancel_all, run_until

log = logging.getLogger(__name__)

DELIVERIES: Final = 3
SLOTS: Final = 32
HELD_MAX: Final = 2000  # entries in memory; a chat that must wait for minutes may fill many
BLOCK_MS: Final = 500
TURN_S: Final = 0.1  # how often an entry asks whether another process is done with the chat's earlier ones
TAKE: Final = 64
TAKE_GRACE_S: Final = 2.0  # what a cancelled take was about to bring would wait for the lease to end

Handle = Callable[[Entry], Awaitable[None]]


class UnsupportedVersion(Exception):
    """An entry that this process does not understand, and a newer one will."""


class Lanes:
    """Works on a group's entries until told to stop.

    chat_of   the chat that an entry belongs to; must not raise
    handle    does the work; may be called again for the same entry; raises ForAnother to leave it alone
    give_up   tells the user that it cannot be done
    busy      tells a group that answers come later
    """

    def __init__(
        self,
        group: Group,
        *,
        chat_of: Callable[[Entry], int],
        handle: Handle,
        give_up: Handle,
        slots: int = SLOTS,
        busy: RateLimitNotice | None = None,
    ) -> None:
        self._group = group
        self._chat_of = chat_of
        self._handle = handle
        self._give_up = give_up
        self._slots = asyncio.Semaphore(slots)
        self._busy = busy
        self._held: dict[str, Entry] = {}
        self._lanes: dict[int, list[tuple[Entry, int]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`, then finish what is held. What a cancel leaves undone is left for others."""
        await run_until(stop, self._group.ensure())
        minding = asyncio.create_task(self._mind())
        try:
            while not stop.is_set() and not minding.done():
                await run_until(stop, self._take(), grace_s=TAKE_GRACE_S)
            if self._tasks:
                await asyncio.wait(self._tasks)
        finally:
            await cancel_all(minding, *self._tasks)
        if not minding.cancelled():
            minding.result()

    async def _take(self) -> None:
        if len(self._held) >= HELD_MAX:
            await asyncio.sleep(BLOCK_MS / 1000)
            return
        for entry in await self._group.take(TAKE, BLOCK_MS):
            self._accept(entry, times=1)

    async def _mind(self) -> None:
        """Keep the leases of what is held, and take over what others left: some of it at a time.

        Whoever takes over a thousand entries of a dead process must not lose its own meanwhile.
        """
        clock = asyncio.get_running_loop().time
        while True:
            round_ends_s = clock() + self._group.lease_s / 3
            held = list(self._held.values())
            ours = await self._group.renew(held)
            for entry in held:
                if entry.id not in ours:  # this process stood still for a lease, and another took it
                    self._held.pop(entry.id, None)
            while len(self._held) < HELD_MAX and clock() < round_ends_s:
                if not (left := await self._group.reclaim()):
                    break
                self._accept(*left)
            with contextlib.suppress(RedisError):
                await self._group.sweep()
            await asyncio.sleep(max(0.0, round_ends_s - clock()))

    def _accept(self, entry: Entry, times: int) -> None:
        if entry.id in self._held:  # our own, reclaimed after this process was stopped for a lease
            return
        self._held[entry.id] = entry
        chat = self._chat_of(entry)
        if chat in self._lanes:
            self._lanes[chat].append((entry, times))
            return
        self._lanes[chat] = [(entry, times)]
        with about(chat=chat):
            task = asyncio.create_task(self._empty(chat))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _empty(self, chat: int) -> None:
        lane, waiting = self._lanes[chat], set[int]()
        try:
            while lane:
                entry, times = await self._next(lane)
                try:
                    if entry.id in self._held:
                        waiting |= await self._done(entry, times)
                        if times > 1:  # whoever left it may have told the chat to wait
                            waiting.add(chat)
                finally:
                    self._held.pop(entry.id, None)
                while self._busy and waiting and not lane:
                    await self._busy.remove(waiting.pop())
        except RedisError:
            log.exception("chat %d: what is left is taken over when its lease ends", chat)
        finally:
            del self._lanes[chat]
            for entry, _ in lane:
                self._held.pop(entry.id, None)

    async def _next(self, lane: list[tuple[Entry, int]]) -> tuple[Entry, int]:
        """The oldest of a lane, out of it, when no other process holds an older one of the chat.

        What is taken over meanwhile may be older still, and what others hold may wait for it.
        """
        while True:
            first = min(lane, key=_age)
            if first[0].id not in self._held or await self._group.is_next(first[0]):
                lane.remove(first)
                return first
            await asyncio.sleep(TURN_S)

    async def _done(self, entry: Entry, times: int) -> set[int]:
        """Handle an entry and acknowledge it, or pass it on. The groups that it found full."""
        try:
            full = await self._settle(entry, times)
        except UnsupportedVersion:
            await self._group.release(entry, times)
            return set()
        await self._group.ack(entry)
        return full

    async def _settle(self, entry: Entry, times: int) -> set[int]:
        """Handle an entry, or give it up. Returns when nothing more can be done about it: the groups that it
        found full."""
        failures, full = 0, set[int]()
        while True:
            act = self._handle if times <= DELIVERIES else self._give_up
            try:
                async with self._slots:
                    await act(entry)
                return full
            except UnsupportedVersion:
                raise
            except Exception as error:  # whatever an entry does, the others go on
                if is_permanent(error):
                    log.info("nobody reads what %s would bring: %s", entry.id, error)
                    return full
                if not is_transient(error):
                    log.exception("%s failed on delivery %d", entry.id, times)
                    if act is self._give_up:
                        return full
                    times += 1
                if self._busy and isinstance(error, GroupLimitReached):
                    full.add(error.chat)
                    await self._busy.show(error)
                failures += 1
                wait_s = backoff_s(error, failures)
                log.warning("%s waits %.1f s: %s", entry.id, wait_s, error)
            await asyncio.sleep(wait_s)


def _age(one: tuple[Entry, int]) -> tuple[int, ...]:
    """Sorts by when an entry came."""
    return tuple(int(part) for part in one[0].id.split("-"))
