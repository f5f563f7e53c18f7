"""Which of Telegram's errors are retried, and after how long.

RetryAfter                  the chat's rate limit was reached: wait as long as Telegram says
NetworkError (not 400)      Telegram is unavailable: retry without end, with growing pauses
InvalidToken                the token was revoked: wait for an admin to set the new one
Forbidden, ChatMigrated     the chat cannot be written to: give up
anything else               a bug: a few attempts, then an apology
"""

import asyncio
import itertools
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, TypeVar

from redis.exceptions import RedisError
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from vlm.queue.connection import is_unavailable
from vlm.queue.keyed_consumer import RetryPolicy

log = logging.getLogger(__name__)

T = TypeVar("T")

LONGEST_PAUSE_S: Final = 30.0


def is_transient(error: Exception) -> bool:
    """Whether the same request may succeed later."""
    if isinstance(error, RedisError):
        return is_unavailable(error)
    # the library counts Telegram's 400 among the network errors
    return isinstance(error, (RetryAfter, NetworkError, InvalidToken)) and not isinstance(error, BadRequest)


def is_permanent(error: Exception) -> bool:
    """Whether the chat cannot be written to: the bot was blocked or removed, or the chat is gone."""
    gone = isinstance(error, BadRequest) and "chat not found" in str(error).lower()
    return gone or isinstance(error, (Forbidden, ChatMigrated))


def backoff_s(error: Exception, failures: int) -> float:
    """How long to wait after the `failures`-th failure in a row."""
    if isinstance(error, RetryAfter):
        wait: int | timedelta = error.retry_after  # its type depends on the library's variable PTB_TIMEDELTA
        return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
    return random.uniform(0.5, 1.0) * min(LONGEST_PAUSE_S, 0.25 * 2.0 ** min(failures, 10))


RETRY_POLICY: Final = RetryPolicy(is_permanent=is_permanent, is_transient=is_transient, backoff_s=backoff_s)


async def retry_until_answered(call: Callable[[], Awaitable[T]]) -> T:
    """The result of a call of Telegram, repeated until Telegram answers. Raises InvalidToken."""
    for failures in itertools.count(1):
        try:
            return await call()
        except InvalidToken:
            raise
        except TelegramError as error:
            wait_s = backoff_s(error, failures)
            log.warning("Telegram does not answer, retrying in %.1f s: %s", wait_s, _reason(error))
        await asyncio.sleep(wait_s)
    raise AssertionError("unreachable")


def _reason(error: TelegramError) -> str:
    if isinstance(error, Conflict):
        return "another program polls with the same token"
    return str(error) or type(error).__name__
