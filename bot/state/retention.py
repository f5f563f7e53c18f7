"""Once a day, by one of the bots: what is older than it may be is forgotten.

{afterimage}:swept    that it was done: for a day; that it is being done: for an hour
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

from redis.asyncio import Redis

from vlm.memory import Memory
from vlm.queue.connection import retry_while_unavailable

log = logging.getLogger(__name__)

SWEPT: Final = "{afterimage}:swept"
DAY_S: Final = 24 * 3600
LOCK_S: Final = 3600  # a bot that dies over it delays it by so much
LOOK_S: Final = 15 * 60  # between two looks at whether it is due


class Retention:
    """`retention_days` is how long a photo is remembered after it came."""

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
        """Until cancelled, through every outage."""
        while True:
            await retry_while_unavailable(self.once)
            await asyncio.sleep(LOOK_S)

    async def once(self) -> bool:
        """Sweep, unless some bot did within a day. Whether this one did."""
        if not await self._redis.set(SWEPT, "", nx=True, ex=LOCK_S):
            return False
        count = await self._memory.sweep(int(1000 * (self._now_s() - self._retention_s)))
        await self._redis.set(SWEPT, "", ex=DAY_S)
        log.info("Forgot %d photos that were older than they may be", count)
        return True
