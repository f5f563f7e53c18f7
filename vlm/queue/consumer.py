"""What all consumers of a `Group` have in common: leases, the delivery limit, versions, stop and drain.

Group ──take──► held ──processed──► gone
          ▲      │ its consumer dies, and its lease ends
          └──────┘ reclaimed, one entry at a time; given up after `deliveries` attempts

`KeyedConsumer` takes updates, results and exports: in order within a chat, chats side by side.
`Broker` takes jobs: mixed batches by priority, and a reclaimed job alone.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, TypeVar

from vlm.errors import NewerVersion, ProtocolError
from vlm.protocol import UPGRADE_S
from vlm.queue.streams import Attempt, Entry, Group
from vlm.queue.tasks import cancel_all, run_until

log = logging.getLogger(__name__)

T = TypeVar("T")

DELIVERIES: Final = 3


class UnsupportedVersion(Exception):
    """An entry that a newer version wrote, for processes of that version."""


def raise_if_newer(entry: Entry, error: ProtocolError) -> None:
    """Raise UnsupportedVersion if processes that understand `entry` may still come (`UPGRADE_S`)."""
    if isinstance(error, NewerVersion) and entry.age_s < UPGRADE_S:
        raise UnsupportedVersion(str(error)) from error


class Consumer:
    """Holds entries of a group until they are processed.

    deliveries   how often an entry is tried, by all consumers together, before it is given up
    """

    def __init__(self, group: Group, *, deliveries: int = DELIVERIES) -> None:
        self._group = group
        self._deliveries = deliveries
        self._held: dict[str, Entry] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def lease_s(self) -> float:
        """How long an entry stays with a consumer that does not renew it."""
        return self._group.lease_s

    async def _consume(
        self,
        stop: asyncio.Event,
        take: Callable[[], Coroutine[Any, Any, list[T]]],
        process: Callable[[list[T]], Awaitable[None]],
        *,
        grace_s: float,
    ) -> None:
        """Take and process until `stop`, with the leases renewed meanwhile; then wait for `_tasks`.

        A take that `stop` interrupts has `grace_s` to end: entries that the server has handed out by then
        would otherwise wait for the end of their lease. What a cancel leaves undone, other consumers reclaim.
        """
        maintenance = asyncio.create_task(self._maintain_leases())
        try:
            while not stop.is_set() and not maintenance.done():
                await process(await run_until(stop, take(), grace_s=grace_s) or [])
            if self._tasks:
                await asyncio.wait(self._tasks)
        finally:
            await cancel_all(maintenance, *self._tasks)
        if not maintenance.cancelled():
            maintenance.result()

    async def _maintain_leases(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            round_ends_s = clock() + self.lease_s / 3
            await self._maintain(round_ends_s)
            await asyncio.sleep(max(0.0, round_ends_s - clock()))

    async def _maintain(self, round_ends_s: float) -> None:
        """One round: renew what is held, and forget what another consumer has reclaimed."""
        held = list(self._held.values())
        renewed = await self._group.renew(held)
        for entry in held:
            if entry.id not in renewed:
                self._held.pop(entry.id, None)

    def _is_exhausted(self, attempt: Attempt) -> bool:
        """Whether the entry has been tried too often to be tried again."""
        return attempt.times > self._deliveries

    async def _release(self, attempt: Attempt, reason: Exception) -> None:
        """Leave an entry to consumers of a newer version. This delivery does not count."""
        entry = attempt.entry
        log.info("entry %s of %s is left to a newer version: %s", entry.id, entry.stream, reason)
        await self._group.release(entry, attempt.times)
