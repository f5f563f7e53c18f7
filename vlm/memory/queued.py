"""What the queue holds of a chat or a photo: pictures on their way to a worker, open jobs, dead letters.

With a whole chat its open jobs are dropped, in a worker's hands or not, and results that were not shown yet.
With one photo its jobs are left to their end, which is told to whoever waits: the photo is gone.
"""

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import suppress
from typing import Any, Final

from redis.asyncio import Redis

from vlm.errors import ProtocolError
from vlm.memory.keys import blob_key
from vlm.protocol import decode_envelope, decode_job, decode_result_envelope
from vlm.queue.keys import (
    DEAD,
    JOB_STREAMS,
    MARK_TTL_S,
    OPEN_JOBS_BY_CHAT,
    WORKERS,
    job_state_key,
    results_key,
)
from vlm.queue.streams import EFFECTS

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
    if photo is None:
        await _forget(redis, chat, lambda _entry, _photo: True)
        return
    for stream in JOB_STREAMS.values():
        async for _, job, of in _jobs(redis, stream, chat):
            if of == photo:
                await redis.unlink(blob_key(chat, job))
    async for entry, _, of in _jobs(redis, DEAD, chat):
        if of == photo:
            await redis.xdel(DEAD, entry)


async def forget_queued_until(redis: Redis, chat: int, until_ms: int, photos: Collection[str]) -> None:
    """Remove all of a chat that was queued by then, and whatever is about one of some photos."""
    await _forget(redis, chat, lambda entry, photo: _ms(entry) <= until_ms or photo in photos)


async def _forget(redis: Redis, chat: int, is_meant: Callable[[bytes, str | None], bool]) -> None:
    cancel = redis.register_script(CANCEL)
    for stream in JOB_STREAMS.values():
        async for entry, job, photo in _jobs(redis, stream, chat):
            if is_meant(entry, photo):
                await redis.unlink(blob_key(chat, job))
                await cancel(
                    keys=[stream, job_state_key(job), OPEN_JOBS_BY_CHAT],
                    args=[WORKERS, entry, chat, MARK_TTL_S],
                )
    async for entry, _, photo in _jobs(redis, DEAD, chat):
        if is_meant(entry, photo):
            await redis.xdel(DEAD, entry)
    async for entry, fields in _entries(redis, results_key()):
        with suppress(ProtocolError):
            result = decode_result_envelope(fields.get(b"result", b""))
            if result.chat == chat and is_meant(entry, result.photo):
                await redis.xdel(results_key(), entry)


async def _jobs(redis: Redis, stream: str, chat: int) -> AsyncIterator[tuple[bytes, str, str | None]]:
    """The chat's entries in a stream: the entry's id, the job's, the photo's if that can be read."""
    async for entry, fields in _entries(redis, stream):
        data = fields.get(b"job", b"")
        with suppress(ProtocolError):
            if (sender := decode_envelope(data)).chat == chat:
                yield entry, sender.id, _photo(data)


async def _entries(redis: Redis, stream: str) -> AsyncIterator[tuple[bytes, dict[bytes, bytes]]]:
    start = b"-"
    while page := await _page(redis, stream, start):
        for entry in page:
            yield entry
        start = b"(" + page[-1][0]


async def _page(redis: Redis, stream: str, start: bytes) -> list[tuple[bytes, dict[bytes, bytes]]]:
    page: Any = await redis.xrange(stream, min=start, count=PAGE)
    return list(page)


def _photo(data: bytes) -> str | None:
    try:
        return decode_job(data).photo
    except ProtocolError:
        return None


def _ms(entry: bytes) -> int:
    """When an entry was queued."""
    return int(entry.split(b"-")[0])
