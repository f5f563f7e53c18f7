"""Removes what the queue holds of a chat or a photo: pictures on their way to a worker, jobs, dead letters.

With a whole chat go its open jobs, whether a worker holds them or not, and results that were not
shown yet. With one photo go its pictures and dead letters; its jobs run to their end, and the user
is told that the photo is gone.
"""

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import suppress
from typing import Any, Final

from redis.asyncio import Redis

from vlm import keys
from vlm.errors import ProtocolError
from vlm.protocol import decode_envelope, decode_job, decode_result_envelope
from vlm.queue.streams import EFFECTS

PAGE: Final = 200

CANCEL: Final = (
    EFFECTS
    + """
-- KEYS stream, job's state, open jobs by chat; ARGV group, entry, chat, TTL of the state in s
-- A worker that holds the job can no longer finish it.
redis.pcall('XACK', KEYS[1], ARGV[1], ARGV[2])
if redis.call('XDEL', KEYS[1], ARGV[2]) == 0 then return 0 end
redis.call('SET', KEYS[2], 'done', 'EX', ARGV[4])
if redis.call('HINCRBY', KEYS[3], ARGV[3], -1) <= 0 then redis.call('HDEL', KEYS[3], ARGV[3]) end
return 1
"""
)

Selects = Callable[[bytes, str | None], bool]  # of an entry's id and the photo that it is about


async def remove_photo(redis: Redis, chat: int, photo: str) -> None:
    """Remove the pictures and dead letters of one photo."""
    for stream in keys.JOB_STREAMS.values():
        async for _, job, job_photo in _jobs(redis, stream, chat):
            if job_photo == photo:
                await redis.unlink(keys.PICTURE(chat=chat, job=job))
    await _remove_dead_letters(redis, chat, lambda _entry, letter_photo: letter_photo == photo)


async def remove_chat(redis: Redis, chat: int) -> None:
    """Remove everything that is queued of a chat."""
    await _remove(redis, chat, lambda _entry, _photo: True)


async def remove_chat_until(redis: Redis, chat: int, until_ms: int, photos: Collection[str]) -> None:
    """Remove what was queued of a chat by `until_ms`, and everything about `photos`."""
    await _remove(redis, chat, lambda entry, photo: _queued_ms(entry) <= until_ms or photo in photos)


async def _remove(redis: Redis, chat: int, selects: Selects) -> None:
    await _cancel_jobs(redis, chat, selects)
    await _remove_dead_letters(redis, chat, selects)
    async for entry, fields in _entries(redis, keys.RESULTS()):
        with suppress(ProtocolError):
            result = decode_result_envelope(fields.get(b"result", b""))
            if result.chat == chat and selects(entry, result.photo):
                await redis.xdel(keys.RESULTS(), entry)


async def _cancel_jobs(redis: Redis, chat: int, selects: Selects) -> None:
    cancel = redis.register_script(CANCEL)
    for stream in keys.JOB_STREAMS.values():
        async for entry, job, photo in _jobs(redis, stream, chat):
            if selects(entry, photo):
                await redis.unlink(keys.PICTURE(chat=chat, job=job))
                await cancel(
                    keys=[stream, keys.JOB_STATE(job=job), keys.OPEN_JOBS_BY_CHAT()],
                    args=[keys.WORKERS, entry, chat, keys.JOB_STATE_TTL_S],
                )


async def _remove_dead_letters(redis: Redis, chat: int, selects: Selects) -> None:
    async for entry, _, photo in _jobs(redis, keys.DEAD_LETTERS(), chat):
        if selects(entry, photo):
            await redis.xdel(keys.DEAD_LETTERS(), entry)


async def _jobs(redis: Redis, stream: str, chat: int) -> AsyncIterator[tuple[bytes, str, str | None]]:
    """The chat's entries in a stream: the entry's id, the job's, and the photo's if that can be read."""
    async for entry, fields in _entries(redis, stream):
        data = fields.get(b"job", b"")
        with suppress(ProtocolError):
            if (envelope := decode_envelope(data)).chat == chat:
                yield entry, envelope.id, _photo_of(data)


async def _entries(redis: Redis, stream: str) -> AsyncIterator[tuple[bytes, dict[bytes, bytes]]]:
    start = b"-"
    while page := await _page(redis, stream, start):
        for entry in page:
            yield entry
        start = b"(" + page[-1][0]


async def _page(redis: Redis, stream: str, start: bytes) -> list[tuple[bytes, dict[bytes, bytes]]]:
    page: Any = await redis.xrange(stream, min=start, count=PAGE)
    return list(page)


def _photo_of(job: bytes) -> str | None:
    try:
        return decode_job(job).photo
    except ProtocolError:
        return None


def _queued_ms(entry: bytes) -> int:
    """When an entry was added, by the Redis server's clock."""
    return int(entry.split(b"-")[0])
