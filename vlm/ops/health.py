"""Which processes of a machine are active, as Redis sees them: `vlm health` and `afterimage health`.

A process names itself `HOST-PID-RANDOM` in the consumer groups, so the prefix `HOST-` finds the processes of
one machine, or of one container.
"""

import os
from secrets import token_hex
from socket import gethostname
from typing import Any

from redis.asyncio import Redis


def consumer_name() -> str:
    """The name of this process in consumer groups.

    The random part tells containers apart whose host names and process ids are equal.
    """
    return f"{gethostname()}-{os.getpid()}-{token_hex(4)}"


def is_on_host(consumer: str, host: str) -> bool:
    """Whether a process of `host` has the name `consumer`; '' is any host."""
    return not host or consumer.startswith(f"{host}-")


async def has_active_consumer(redis: Redis, stream: str, group: str, *, host: str, silent_ms: int) -> bool:
    """Whether a consumer on `host` ('': on any) has asked for entries within the last `silent_ms`.

    Raises:  ResponseError if the stream or the group does not exist.
    """
    consumers: Any = await redis.xinfo_consumers(stream, group)
    return any(
        is_on_host(consumer["name"].decode(), host) and consumer["idle"] < silent_ms for consumer in consumers
    )
