"""The photos of a chat: by date, for a search, and what has changed since an earlier look."""

from collections.abc import Sequence
from typing import Any

import msgspec

from vlm import keys
from vlm.memory.photos import FIELDS, Array, Photo, decode_array, decode_photo
from vlm.memory.store import ChatStore, decoded_ids, pages, sort_score


class Searchable(msgspec.Struct, frozen=True, kw_only=True):
    """A photo and what a query is compared with. `vectors` [Q, E] are None until a worker has stored them."""

    photo: Photo
    vectors: Array | None


class Listing(ChatStore):
    """Reads over all photos of a chat, page by page: only the photos that are shown are read."""

    async def latest(self, chat: int, sender: int | None = None, topic: int | None = None) -> Photo | None:
        """The newest photo of the chat; of one sender, or in one topic."""
        newest = await self.recent(chat, 1, sender=sender, topic=topic)
        return newest[0] if newest else None

    async def recent(
        self,
        chat: int,
        count: int,
        before: str | None = None,
        *,
        since_ms: int = 0,
        until_ms: int = 0,
        sender: int | None = None,
        topic: int | None = None,
    ) -> list[Photo]:
        """The newest photos, or those before the photo `before`; none if that one is forgotten.

        Only those that arrived in the seconds from `since_ms` and before `until_ms`; 0: at any time.
        """
        photos, prefix = keys.PHOTOS(chat=chat), keys.PHOTO(chat=chat, photo="")
        first, end = await self._ranks(chat, before, since_ms, until_ms)
        if first >= end:
            return []
        if sender is topic is None:
            ids: Any = await self._redis.zrevrange(photos, first, min(end, first + count) - 1)
        else:
            filters = ["" if value is None else value for value in (sender, topic)]
            ids = await self._find_photos(keys=[photos], args=[prefix, first, end - 1, count, *filters])
        return [photo for photo in await self.photos(chat, decoded_ids(ids)) if photo]

    async def photos(self, chat: int, ids: Sequence[str]) -> list[Photo | None]:
        """The photos with these ids; None for each that the chat does not have."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for id in ids:
                pipe.hmget(keys.PHOTO(chat=chat, photo=id), FIELDS)
            rows: list[Any] = await pipe.execute()
        return [decode_photo(id, row) for id, row in zip(ids, rows, strict=True)]

    async def sender_named(self, chat: int, name: str) -> int | None:
        """The sender with this name ('@ada', in any case); of several, the one of the newest photo."""
        args = [keys.PHOTO(chat=chat, photo=""), name.lower()]
        sender = await self._find_sender(keys=[keys.PHOTOS(chat=chat)], args=args)
        return int(sender) if sender else None

    async def ids(self, chat: int) -> list[str]:
        """All photos of the chat, oldest first."""
        return decoded_ids(await self._redis.zrange(keys.PHOTOS(chat=chat), 0, -1))

    async def count(self, chat: int) -> int:
        """The number of photos of the chat."""
        return int(await self._redis.zcard(keys.PHOTOS(chat=chat)))

    async def totals(self) -> tuple[int, int]:
        """The number of photos, and of chats with photos. Scans all keys: not for every request."""
        pattern = keys.PHOTOS(chat="*")
        counts = [await self._redis.zcard(key) async for key in self._redis.scan_iter(pattern, count=500)]
        return sum(counts), len(counts)

    async def searchable(self, chat: int, ids: Sequence[str]) -> list[Searchable]:
        """What a query is compared with, of those of `ids` that the chat has, in their order.

        With BLIP-2's vectors that is 16 KB a photo: ask for as many as you want to hold at a time.
        """
        return [row for page in pages(ids) for row in await self._searchable_page(chat, page)]

    async def version(self, chat: int) -> int:
        """A number that changes with everything a search reads; 0: the chat has no photo.

        It only grows, except to 0. Read it before you read what it is the version of.
        """
        return int(await self._redis.zscore(keys.CHANGES(chat=chat), "") or 0)

    async def versions(self, chats: Sequence[int]) -> list[int]:
        """The version of each of these chats."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for chat in chats:
                pipe.zscore(keys.CHANGES(chat=chat), "")
            return [int(version or 0) for version in await pipe.execute()]

    async def changed_since(self, chat: int, version: int) -> list[str]:
        """The photos that came or changed after `version`; those that were forgotten are not in `ids`."""
        ids = await self._redis.zrangebyscore(keys.CHANGES(chat=chat), f"({version}", "+inf")
        return [id for id in decoded_ids(ids) if id]

    async def chats(self) -> list[int]:
        """All chats that have photos, the last changed first. Scans all keys: not for every request."""
        names = self._redis.scan_iter(keys.CHANGES(chat="*"), count=500)
        chats = list({keys.chat_of(name) async for name in names})
        versions = dict(zip(chats, await self.versions(chats), strict=True))
        return sorted(chats, key=versions.__getitem__, reverse=True)

    async def _searchable_page(self, chat: int, ids: Sequence[str]) -> list[Searchable]:
        photo_keys = [keys.PHOTO(chat=chat, photo=id) for id in ids]
        rows, *vectors = await self._read_searchable(keys=photo_keys, args=[*ids, *FIELDS])
        photos = msgspec.msgpack.decode(rows, type=list[Photo | bool], strict=False)
        return [
            Searchable(photo=photo, vectors=decode_array(packed))
            for photo, packed in zip(photos, vectors, strict=True)
            if isinstance(photo, Photo)
        ]

    async def _ranks(self, chat: int, before: str | None, since_ms: int, until_ms: int) -> tuple[int, int]:
        """Which photos, counted from the newest: from the first number on, before the second."""
        key = keys.PHOTOS(chat=chat)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.zcount(key, sort_score("", until_ms) if until_ms else "+inf", "+inf")
            pipe.zcount(key, sort_score("", since_ms), "+inf")
            pipe.zrevrank(key, before or "")
            too_new, new_enough, rank = await pipe.execute()
        if before is not None and rank is None:
            return 0, 0
        return max(int(too_new), 0 if rank is None else int(rank) + 1), int(new_enough)
