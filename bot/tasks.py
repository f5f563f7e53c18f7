"""Ending asyncio tasks for certain."""

import asyncio
from typing import Any, Final

AGAIN_S: Final = 0.5


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks until they have ended; what they raise stays theirs.

    One cancel is not enough: up to Python 3.11 it is lost where it meets the end of an `asyncio.wait_for`, as
    the Redis client uses for each command.
    """
    running = {task for task in tasks if not task.done()}
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=AGAIN_S)
