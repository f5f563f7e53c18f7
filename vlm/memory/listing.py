"""Which photos a chat has, newest first, in pages: so that nobody reads more of them than are shown."""

from collections.abc import Sequence
from typing import Any, Final

from redis.asyncio import Redis

from vlm.memory.keys import of_chat, of_photo, place
from vlm.memory.records import FIELDS, Photo, as_ids, as_photo

PAGE: Final = 100  # photos in one round trip: with vectors 2 MB, so that nobody else waits long


class Listing:
    """Reads."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def recent(
        self, chat: int, count: int, before: str | None, since_ms: int, until_ms: int, sender: int | None
    ) -> list[Photo]:
        """See `Memory.recent`. For one sender all photos are looked at until there are enough."""
        start, end = await self._ranks(chat, before, since_ms, until_ms)
        found: list[Photo] = []
        while len(found) < count and start < end:
            ids = await self._newest(chat, start, min(count if sender is None else PAGE, end - start))
            if not ids:
                break
            photos = await self.photos(chat, await self._of(chat, ids, sender))
            found += [photo for photo in photos if photo]
            start += len(ids)
        return found[:count]

    async def sender_named(self, chat: int, name: str) -> int | None:
        """See `Memory.sender_named`."""
        start = 0
        while ids := await self._newest(chat, start, PAGE):
            for by, called in await self.rows(chat, ids, "sender", "sender_name"):
                if by and called and name.casefold() in called.decode().casefold().split():
                    return int(by)
            start += PAGE
        return None

    async def photos(self, chat: int, ids: Sequence[str]) -> list[Photo | None]:
        """The photos with these ids; None for one that the chat has not."""
        rows = await self.rows(chat, ids, *FIELDS)
        return [as_photo(id, row) for id, row in zip(ids, rows, strict=True)]

    async def rows(self, chat: int, ids: Sequence[str], *fields: str) -> list[Any]:
        """Some fields of each of these photos."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for id in ids:
                pipe.hmget(of_photo("photo", chat, id), fields)
            return await pipe.execute()

    async def _newest(self, chat: int, start: int, count: int) -> list[str]:
        return as_ids(await self._redis.zrevrange(of_chat("photos", chat), start, start + count - 1))

    async def _of(self, chat: int, ids: Sequence[str], sender: int | None) -> Sequence[str]:
        """Those that one person sent."""
        if sender is None:
            return ids
        rows = await self.rows(chat, ids, "sender")
        return [id for id, (by,) in zip(ids, rows, strict=True) if by is not None and int(by) == sender]

    async def _ranks(self, chat: int, before: str | None, since_ms: int, until_ms: int) -> tuple[int, int]:
        """Which photos, counted from the newest: from the first number on, before the second."""
        key = of_chat("photos", chat)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.zcount(key, place("", until_ms) if until_ms else "+inf", "+inf")
            pipe.zcount(key, place("", since_ms), "+inf")
            pipe.zrevrank(key, before or "")
            too_new, new_enough, rank = await pipe.execute()
        if before is not None and rank is None:
            return 0, 0
        return max(int(too_new), 0 if rank is None else int(rank) + 1), int(new_enough)
