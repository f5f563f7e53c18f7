"""Once a day, one of the bots forgets the photos that are older than the retention period.

`bot.state.keys.SWEPT` exists for a day after that was done, and for an hour while it is being done.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

from redis.asyncio import Redis

from bot.state import keys
from vlm.memory import Memory
from vlm.queue.connection import retry_while_unavailable

log = logging.getLogger(__name__)

DAY_S: Final = 24 * 3600
LOCK_S: Final = 3600  # a bot that dies while it sweeps delays the sweep by this
CHECK_S: Final = 15 * 60  # between checks whether a sweep is due


class Retention:
    """`retention_days`: how long a photo is remembered after it was sent."""

    def __init__(
        self,
        redis: Redis,
        memory: Memory,
        *,
        retention_days: int,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._redis = redis
        self._memory = memory
        self._retention_s = retention_days * DAY_S
        self._now_s = now_s

    async def run(self) -> None:
        """Run until cancelled, through every outage of Redis."""
        while True:
            await retry_while_unavailable(self.sweep_once)
            await asyncio.sleep(CHECK_S)

    async def sweep_once(self) -> bool:
        """Sweep, unless a bot did within a day. Whether this one did."""
        if not await self._redis.set(keys.SWEPT(), "", nx=True, ex=LOCK_S):
            return False
        count = await self._memory.sweep(int(1000 * (self._now_s() - self._retention_s)))
        await self._redis.set(keys.SWEPT(), "", ex=DAY_S)
        log.info("forgot %d photos older than the retention period", count)
        return True
