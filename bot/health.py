"""`afterimage health`: whether a bot of this machine, or container, still reads its updates.

A bot that hangs, or that cannot reach Redis, stops reading; an idle bot reads every few seconds.
"""

import asyncio
import sys
from collections.abc import Callable
from socket import gethostname
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.settings import Settings
from bot.transport.journal import GROUP, UPDATES
from vlm.errors import AfterimageError
from vlm.ops.health import has_active_consumer
from vlm.queue.connection import connect

SILENT_MS: Final = 120_000


def run(read_settings: Callable[[], Settings]) -> int:
    """Print whether a bot of this machine is running. Returns the exit status, 0 or 1."""
    try:
        is_healthy = asyncio.run(_is_healthy(read_settings().redis_url))
    except (AfterimageError, RedisError, OSError) as error:
        return _unwell(str(error))
    if not is_healthy:
        return _unwell("no bot here has asked for updates lately")
    sys.stdout.write("well: a bot of this machine asks for updates\n")
    return 0


async def is_reading_updates(redis: Redis, host: str, silent_ms: int = SILENT_MS) -> bool:
    """Whether a bot on `host` ('': on any) has read the journal of updates within the last `silent_ms`."""
    return await has_active_consumer(redis, UPDATES, GROUP, host=host, silent_ms=silent_ms)


async def _is_healthy(url: str) -> bool:
    async with connect(url) as redis:
        return await is_reading_updates(redis, gethostname())


def _unwell(reason: str) -> int:
    sys.stderr.write(f"unwell: {reason}\n")
    return 1
