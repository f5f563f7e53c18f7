"""What the queue holds of a chat or a photo: pictures on their way to a worker, open jobs, dead letters.

With a whole chat its open jobs are dropped, in a worker's hands or not, and results that were not shown yet.
With one photo its jobs are left to their end, which is told to whoever waits: the photo is gone.
"""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, Final

from redis.asyncio import Redis

from vlm.errors import ProtocolError
from vlm.keys import DEAD, LANES, LOAD, MARK_TTL_S, WORKERS, mark_key, results_key
from vlm.memory.keys import blob_key
from vlm.protocol import decode_envelope, decode_job, decode_result_envelope
from vlm.streams import EFFECTS

PAGE: Final = 200

CANCEL: Final = (
    EFFECTS
    + """
-- KEYS lane, mark, load; ARGV group, entry, chat, mark's TTL s. Who holds it cannot finish it any more
redis.pcall('XACK', KEYS[1], ARGV[1], ARGV[2])
if redis.call('XDEL', KEYS[1], ARGV[2]) == 0 then return 0 end
redis.call('SET', KEYS[2], 'done', 'EX', ARGV[4])
if redis.call('HINCRBY', KEYS[3], ARGV[3], -1) <= 0 then redis.call('HDEL', KEYS[3], ARGV[3]) end
return 1
"""
)


async def forget_queued(redis: Redis, chat: int, photo: str | None = None) -> None:
    """Remove pictures and dead letters of a chat, or of one photo in it; of a whole chat its jobs as well."""
    cancel = redis.register_script(CANCEL)
    for lane in LANES.values():
        async for entry, job in _jobs(redis, lane, chat, photo):
            await redis.unlink(blob_key(chat, job))
            if photo is None:
                await cancel(keys=[lane, mark_key(job), LOAD], args=[WORKERS, entry, chat, MARK_TTL_S])
    async for entry, _ in _jobs(redis, DEAD, chat, photo):
        await redis.xdel(DEAD, entry)
    if photo is None:
        await _forget_results(redis, chat)


async def _forget_results(redis: Redis, chat: int) -> None:
    async for entry, fields in _entries(redis, results_key()):
        with suppress(ProtocolError):
            if decode_result_envelope(fields.get(b"result", b"")).chat == chat:
                await redis.xdel(results_key(), entry)


async def _jobs(redis: Redis, stream: str, chat: int, photo: str | None) -> AsyncIterator[tuple[bytes, str]]:
    async for entry, fields in _entries(redis, stream):
        if job := _of(fields.get(b"job", b""), chat, photo):
            yield entry, job


async def _entries(redis: Redis, stream: str) -> AsyncIterator[tuple[bytes, dict[bytes, bytes]]]:
    start = b"-"
    while page := await _page(redis, stream, start):
        for entry in page:
            yield entry
        start = b"(" + page[-1][0]


async def _page(redis: Redis, stream: str, start: bytes) -> list[tuple[bytes, dict[bytes, bytes]]]:
    page: Any = await redis.xrange(stream, min=start, count=PAGE)
    return list(page)


def _of(data: bytes, chat: int, photo: str | None) -> str | None:
    """The job's id if it is one of the chat's, or about the photo."""
    try:
        if photo is not None and decode_job(data).photo != photo:
            return None
        sender = decode_envelope(data)
    except ProtocolError:
        return None
    return sender.id if sender.chat == chat else None
