"""The depth and the age of the queue: for metrics, probes and `vlm doctor`."""

from typing import Any, Final, NamedTuple

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from vlm.queue.keys import DEAD, DELIVERY, JOB_STREAMS, WORKERS, results_key
from vlm.queue.streams import is_lost

# Streams, each with the group that reads it.
JOBS: Final[dict[str, tuple[str, str]]] = {name: (key, WORKERS) for name, key in JOB_STREAMS.items()}
RESULTS: Final = (results_key(), DELIVERY)


class Backlog(NamedTuple):
    """The entries of one stream: all that are open, those delivered to a consumer, the age of the oldest."""

    open: int
    held: int
    oldest_s: float


async def read_backlog(redis: Redis, stream: str, group: str) -> Backlog:
    """The backlog of a stream that `group` reads. Ages are by the server's clock, as entry ids are."""
    first: Any = await redis.xrange(stream, count=1)
    seconds, micros = await redis.time()
    age_s = seconds + micros / 1e6 - int(first[0][0].split(b"-")[0]) / 1000 if first else 0.0
    return Backlog(await redis.xlen(stream), await _held(redis, stream, group), max(0.0, age_s))


async def count_dead_letters(redis: Redis) -> int:
    """The number of dead letters that are kept."""
    return int(await redis.xlen(DEAD))


async def _held(redis: Redis, stream: str, group: str) -> int:
    try:
        pending: Any = await redis.xpending(stream, group)
    except ResponseError as error:
        if not is_lost(error):
            raise
        return 0  # the group does not exist yet
    return int(pending["pending"])
