"""Connects to the Redis server, and retries while it is unavailable: with jittered back-off, and logged.

A caller that no longer wants to wait cancels the task.
"""

import asyncio
import logging
import random
import re
from collections.abc import Awaitable, Callable
from typing import Final, ParamSpec, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import (
    AuthenticationError,
    ClusterDownError,
    ConnectionError,
    MasterDownError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    TimeoutError,
    TryAgainError,
)

log = logging.getLogger(__name__)

T = TypeVar("T")
P = ParamSpec("P")

SOCKET_TIMEOUT_S: Final = 5
CONNECTIONS: Final = 50
FIRST_PAUSE_S: Final = 0.1
LAST_PAUSE_S: Final = 2.0
UNAVAILABLE: Final = (
    ConnectionError,
    TimeoutError,
    ReadOnlyError,
    OutOfMemoryError,
    TryAgainError,
    ClusterDownError,
    MasterDownError,
    NoScriptError,  # the server restarted between a script's loading and its call
)
# MISCONF has no class of its own, and redis-py reports it of a pipeline as "Command # 1 (...) of pipeline
# caused error: ('MISCONF ...',)".
DISK_FULL: Final = re.compile(r"(^|of pipeline caused error: \(.)MISCONF ")


def connect(url: str) -> Redis:
    """A client of `url`; nothing is connected yet.

    A refused command is retried for about a second, an unanswered one for some 20 seconds: then a front end
    can tell its user, and `retry_while_unavailable` goes on trying.
    """
    pool = BlockingConnectionPool.from_url(  # when all connections are in use, the next command waits
        url,
        max_connections=CONNECTIONS,
        socket_timeout=SOCKET_TIMEOUT_S,
        socket_connect_timeout=SOCKET_TIMEOUT_S,
        retry=Retry(ExponentialWithJitterBackoff(base=0.05, cap=0.5), retries=3),
    )
    return Redis.from_pool(pool)


def is_unavailable(error: RedisError) -> bool:
    """Whether the server is away, full or loading, so that the same command may work later."""
    if isinstance(error, AuthenticationError):
        return False
    return isinstance(error, UNAVAILABLE) or bool(DISK_FULL.search(str(error)))


async def retry_while_unavailable(call: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
    """The result of `call`, repeated for as long as the server is unavailable."""
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            return await call(*args, **kwargs)
        except RedisError as error:
            if not is_unavailable(error):
                raise
            wait_s = random.uniform(0, pause_s)  # jitter: not all clients at the same moment
            log.warning("redis unavailable, retrying in %.1f s: %s: %s", wait_s, type(error).__name__, error)
        await asyncio.sleep(wait_s)
        pause_s = min(2 * pause_s, LAST_PAUSE_S)
