"""Which photos a chat has, newest first, in pages: nobody reads more of them than are shown."""

from collections.abc import Sequence
from typing import Any

import msgspec
from redis.asyncio import Redis

from vlm.memory import scripts
from vlm.memory.keys import of_chat, of_photo, place
from vlm.memory.records import FIELDS, Photo, Searchable, as_array, as_ids, as_photo


class Listing:
    """Reads."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._of_whom = redis.register_script(scripts.OF_WHOM)
        self._searchable = redis.register_script(scripts.SEARCHABLE)
        self._sender_named = redis.register_script(scripts.SENDER_NAMED)

    async def recent(
        self,
        chat: int,
        count: int,
        before: str | None,
        since_ms: int,
        until_ms: int,
        sender: int | None,
        topic: int | None,
    ) -> list[Photo]:
        """See `Memory.recent`."""
        first, end = await self._ranks(chat, before, since_ms, until_ms)
        if first >= end:
            return []
        if sender is topic is None:
            ids = await self._redis.zrevrange(of_chat("photos", chat), first, min(end, first + count) - 1)
        else:
            whose = ["" if one is None else one for one in (sender, topic)]
            ids = await self._of_whom(
                keys=[of_chat("photos", chat)],
                args=[of_photo("photo", chat, ""), first, end - 1, count, *whose],
            )
        return [photo for photo in await self.photos(chat, as_ids(ids)) if photo]

    async def sender_named(self, chat: int, name: str) -> int | None:
        """See `Memory.sender_named`."""
        args = [of_photo("photo", chat, ""), name.lower()]
        found = await self._sender_named(keys=[of_chat("photos", chat)], args=args)
        return int(found) if found else None

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

    async def searchable(self, chat: int, ids: Sequence[str]) -> list[Searchable]:
        """See `Memory.searchable`."""
        keys = [of_photo("photo", chat, id) for id in ids]
        rows, *vectors = await self._searchable(keys=keys, args=[*ids, *FIELDS])
        photos = msgspec.msgpack.decode(rows, type=list[Photo | bool], strict=False)
        return [
            Searchable(photo=photo, vectors=as_array(packed))
            for photo, packed in zip(photos, vectors, strict=True)
            if isinstance(photo, Photo)
        ]

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
