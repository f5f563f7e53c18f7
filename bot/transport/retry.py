"""When to ask Telegram again, and when asking again is pointless.

RetryAfter                  this chat was sent too much: wait as long as Telegram says
NetworkError (not 400)      Telegram is away: wait longer each time, without end
InvalidToken                the token was revoked: wait for an admin to put in the new one
Forbidden, ChatMigrated     nobody is there to read an answer: done
anything else               a bug, ours or theirs: a few tries, then an apology
"""

import random
from datetime import timedelta
from typing import Final

from redis.exceptions import RedisError
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter

from vlm.queue.connection import is_unavailable

LONGEST_PAUSE_S: Final = 30.0


def is_transient(error: Exception) -> bool:
    """Whether the same request may work later, though nobody changes it."""
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
        wait: int | timedelta = error.retry_after  # which of the two, a variable of the library decides
        return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
    return random.uniform(0.5, 1.0) * min(LONGEST_PAUSE_S, 0.25 * 2.0 ** min(failures, 10))
