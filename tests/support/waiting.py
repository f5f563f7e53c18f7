"""Wait for a condition, with a deadline. The deadline is generous: a busy machine is slow, not wrong."""

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any

DEADLINE_S = 60.0
PAUSE_S = 0.02


def wait_until(condition: Callable[[], Any], timeout_s: float = DEADLINE_S) -> Any:
    """The first true value of `condition()`. Raises AssertionError if there is none in time."""
    deadline_s = time.monotonic() + timeout_s
    while not (value := condition()):
        assert time.monotonic() < deadline_s, f"not within {timeout_s} s"
        time.sleep(PAUSE_S)
    return value


async def until(condition: Callable[[], Any], timeout_s: float = DEADLINE_S) -> Any:
    """The same in a coroutine; what `condition()` returns is awaited if it can be."""
    deadline_s = time.monotonic() + timeout_s
    while not (value := await awaited(condition())):
        assert time.monotonic() < deadline_s, f"not within {timeout_s} s"
        await asyncio.sleep(PAUSE_S)
    return value


async def awaited(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value
