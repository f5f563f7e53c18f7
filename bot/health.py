"""`python -m bot.health`: does a bot of this machine, or container, still ask for its updates?

For a container's health check: the exit status is 0 or 1. A bot that hangs, or that cannot reach its server,
asks no more; one that only waits asks every few seconds.
"""

import asyncio
import os
import sys
from socket import gethostname
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.settings import read_settings
from bot.transport.journal import GROUP, UPDATES
from vlm.errors import AfterimageError
from vlm.queue.connection import connect

SILENT_MS: Final = 120_000


def main() -> int:
    """Check the bot that shares this environment; the exit status."""
    try:
        settings = read_settings(os.environ)
        return (
            0
            if asyncio.run(_check(settings.redis_url))
            else _unwell("no bot here has asked for updates lately")
        )
    except (AfterimageError, RedisError, OSError) as error:
        return _unwell(str(error))


async def is_well(redis: Redis, host: str, silent_ms: int = SILENT_MS) -> bool:
    """Whether a bot of `host`, or of any (''), has asked for updates within the last `silent_ms`."""
    consumers: Any = await redis.xinfo_consumers(UPDATES, GROUP)
    here = f"{host}-".encode() if host else b""
    return any(one["name"].startswith(here) and one["idle"] < silent_ms for one in consumers)


async def _check(url: str) -> bool:
    async with connect(url) as redis:
        return await is_well(redis, gethostname())


def _unwell(reason: str) -> int:
    sys.stderr.write(f"unwell: {reason}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
