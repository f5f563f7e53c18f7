"""Consumes entries in order within a chat, and side by side across chats and processes.

    Group ──take──► queue of chat 1: entry, entry, …     one task a chat; it ends when its queue is empty
                    queue of chat 2: entry               at most `slots` entries are handled at once

An entry is acknowledged after it was handled. When a process dies, another reclaims its entries after the
lease. A chat whose entry must be retried later delays no other chat. An entry that failed, or whose process
ended, DELIVERIES times is given up.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

from redis.exceptions import RedisError

from vlm.logs import log_context
from vlm.queue.consumer import Consumer, UnsupportedVersion
from vlm.queue.streams import Attempt, Entry, Group
from vlm.queue.tasks import run_until

log = logging.getLogger(__name__)

SLOTS: Final = 32
HELD_MAX: Final = 2000  # entries in memory; a chat that must wait for minutes may fill many
BLOCK_MS: Final = 500
ORDER_POLL_S: Final = 0.1  # how often to ask whether another process is done with a chat's earlier entries
TAKE: Final = 64
TAKE_GRACE_S: Final = 2.0

Handle = Callable[[Entry], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """What to do about an error of `handle` or `give_up`.

    is_permanent   nobody would see the outcome: the entry is done
    is_transient   the same call may work later: retried without end, and not counted as a delivery
    backoff_s      how long to wait after an error that is the n-th in a row
    """

    is_permanent: Callable[[Exception], bool]
    is_transient: Callable[[Exception], bool]
    backoff_s: Callable[[Exception, int], float]


class WaitNotice(Protocol):
    """Tells a chat that its entries are handled later."""

    async def show(self, error: Exception) -> int | None:
        """Tell the chat that `error` delays, and return it; None for an error that delays no chat."""

    async def remove(self, chat: int) -> None:
        """Withdraw the notice: nothing of the chat waits any more."""


class KeyedConsumer(Consumer):
    """Handles a group's entries until told to stop.

    chat_of   the chat that an entry belongs to; must not raise
    handle    does the work; may be called again for the same entry; raises UnsupportedVersion to release it
    give_up   tells the user that it cannot be done
    slots     how many entries are handled at once
    """

    def __init__(
        self,
        group: Group,
        *,
        chat_of: Callable[[Entry], int],
        handle: Handle,
        give_up: Handle,
        retry: RetryPolicy,
        slots: int = SLOTS,
        notice: WaitNotice | None = None,
    ) -> None:
        super().__init__(group)
        self._chat_of = chat_of
        self._handle = handle
        self._give_up = give_up
        self._retry = retry
        self._slots = asyncio.Semaphore(slots)
        self._notice = notice
        self._queues: dict[int, list[Attempt]] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop`, then finish what is held."""
        await run_until(stop, self._group.ensure())
        await self._consume(stop, self._take_batch, self._enqueue_all, grace_s=TAKE_GRACE_S)

    async def _take_batch(self) -> list[Attempt]:
        if len(self._held) >= HELD_MAX:
            await asyncio.sleep(BLOCK_MS / 1000)
            return []
        return [Attempt(entry, 1) for entry in await self._group.take(TAKE, BLOCK_MS)]

    async def _enqueue_all(self, attempts: list[Attempt]) -> None:
        for attempt in attempts:
            self._enqueue(attempt)

    async def _maintain(self, round_ends_s: float) -> None:
        """Renew, then reclaim until the round ends: a thousand reclaimed entries cost no lease."""
        await super()._maintain(round_ends_s)
        clock = asyncio.get_running_loop().time
        while len(self._held) < HELD_MAX and clock() < round_ends_s:
            if not (attempt := await self._group.reclaim()):
                break
            self._enqueue(attempt)
        with contextlib.suppress(RedisError):
            await self._group.sweep()

    def _enqueue(self, attempt: Attempt) -> None:
        if attempt.entry.id in self._held:  # its own, reclaimed after this process stood still for a lease
            return
        self._held[attempt.entry.id] = attempt.entry
        chat = self._chat_of(attempt.entry)
        if chat in self._queues:
            self._queues[chat].append(attempt)
            return
        self._queues[chat] = [attempt]
        with log_context(chat=chat):
            task = asyncio.create_task(self._drain(chat))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drain(self, chat: int) -> None:
        """Process a chat's queue until it is empty."""
        queue, notified = self._queues[chat], set[int]()
        try:
            while queue:
                attempt = await self._next(queue)
                if attempt.entry.id in self._held:
                    notified |= await self._finish(attempt)
                    if attempt.times > 1:  # the process that left the entry may have notified the chat
                        notified.add(chat)
                while self._notice and notified and not queue:
                    await self._notice.remove(notified.pop())
        except RedisError:
            log.exception("chat %d: the entries left are reclaimed when their lease ends", chat)
        finally:
            del self._queues[chat]
            for attempt in queue:
                self._held.pop(attempt.entry.id, None)

    async def _next(self, queue: list[Attempt]) -> Attempt:
        """The oldest attempt, removed from the queue when no other process holds an older entry of the chat.

        An entry that is reclaimed meanwhile may be older, and entries of other processes may wait for it.
        """
        while True:
            oldest = min(queue, key=_arrival)
            if oldest.entry.id not in self._held or await self._group.is_next(oldest.entry):
                queue.remove(oldest)
                return oldest
            await asyncio.sleep(ORDER_POLL_S)

    async def _finish(self, attempt: Attempt) -> set[int]:
        """Process an entry and acknowledge it, or release it. The chats that were notified."""
        try:
            notified = await self._process(attempt)
            await self._group.ack(attempt.entry)
            return notified
        except UnsupportedVersion as error:
            await self._release(attempt, error)
            return set()
        finally:
            self._held.pop(attempt.entry.id, None)

    async def _process(self, attempt: Attempt) -> set[int]:
        """Handle an entry, or give it up, until that works or is pointless. The chats that were notified."""
        errors, notified = 0, set[int]()
        while True:
            act = self._give_up if self._is_exhausted(attempt) else self._handle
            try:
                async with self._slots:
                    await act(attempt.entry)
                return notified
            except UnsupportedVersion:
                raise
            except Exception as error:  # one entry must not stop the others
                if self._retry.is_permanent(error):
                    log.info("entry %s: nobody would see the outcome: %s", attempt.entry.id, error)
                    return notified
                if not self._retry.is_transient(error):
                    log.exception("entry %s: delivery %d failed", attempt.entry.id, attempt.times)
                    if act is self._give_up:
                        return notified
                    attempt = attempt._replace(times=attempt.times + 1)
                if self._notice and (chat := await self._notice.show(error)) is not None:
                    notified.add(chat)
                errors += 1
                wait_s = self._retry.backoff_s(error, errors)
                log.warning("entry %s: retrying in %.1f s: %s", attempt.entry.id, wait_s, error)
            await asyncio.sleep(wait_s)


def _arrival(attempt: Attempt) -> tuple[int, ...]:
    """Sorts by when an entry arrived."""
    return tuple(int(part) for part in attempt.entry.id.split("-"))
