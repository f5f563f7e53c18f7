"""Runs asyncio tasks until a stop, and cancels them reliably."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

T = TypeVar("T")

CANCEL_AGAIN_S: Final = 0.5


async def cancel_all(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks until they have ended; their exceptions are not raised here.

    One cancel is not enough: up to Python 3.11 it is lost if it coincides with the end of an
    `asyncio.wait_for`, which the Redis client uses for each command.
    """
    running = {task for task in tasks if not task.done()}
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=CANCEL_AGAIN_S)


async def run_until(stop: asyncio.Event, work: Coroutine[Any, Any, T], *, grace_s: float = 0) -> T | None:
    """The result of `work`; None if it was cancelled, `grace_s` after `stop` was set."""
    working, stopped = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([working, stopped], return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait([working], timeout=grace_s)
    finally:
        await cancel_all(working, stopped)
    return None if working.cancelled() else working.result()
