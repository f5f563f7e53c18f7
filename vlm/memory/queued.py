"""What the queue holds of a chat or a photo: pictures on their way to a worker, and dead letters.

Open jobs themselves are left to their end, which nobody remembers: their photo is gone.
"""

from collections.abc import AsyncIterator
from typing import Any, Final

from redis.asyncio import Redis

from vlm.errors import ProtocolError
from vlm.keys import DEAD, LANES
from vlm.memory.keys import blob_key
from vlm.protocol import decode_envelope, decode_job

PAGE: Final = 200


async def forget_queued(redis: Redis, chat: int, photo: str | None = None) -> None:
    """Remove the pictures and dead letters of a chat, or of one photo in it."""
    for lane in LANES.values():
        async for _, job in _jobs(redis, lane, chat, photo):
            await redis.unlink(blob_key(chat, job))
    async for entry, _ in _jobs(redis, DEAD, chat, photo):
        await redis.xdel(DEAD, entry)


async def _jobs(redis: Redis, stream: str, chat: int, photo: str | None) -> AsyncIterator[tuple[bytes, str]]:
    start = b"-"
    while page := await _page(redis, stream, start):
        for entry, fields in page:
            if job := _of(fields.get(b"job", b""), chat, photo):
                yield entry, job
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
