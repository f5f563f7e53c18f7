"""The search indexes of chats: read from memory once, then updated with what has changed.

A chat's memory has a version, and lists the photos that changed after an earlier version; only these are
read. An index of ten thousand photos takes most of a second to read. So the indexes that are likely to be
searched are read ahead, one page at a time while the worker is idle: of the chats that changed last when the
worker starts, and of each chat that sends a photo.

No index may be searched while a method of `IndexCache` is running.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from redis.exceptions import RedisError

from vlm.memory import Memory, Searchable
from vlm.queue.connection import retry_while_unavailable
from vlm.search.index import IndexedPhoto, SearchIndex

log = logging.getLogger(__name__)

MAX_BYTES: Final = 1 << 30  # of all indexes: three chats of 10,000 photos with BLIP-2's vectors
IDLE_S: Final = 24 * 3600.0  # without a search or a new photo, until an index is dropped
PAGE: Final = 100  # photos read at a time, so that the worker's heartbeat runs in between


@dataclass
class CachedIndex:
    """An index on its way to a version of its chat.

    pending    photos that changed up to `version` and are not read yet
    complete   whether the index is at `version`: all read, and deleted photos removed
    """

    index: SearchIndex = field(default_factory=SearchIndex)
    version: int = 0
    pending: list[str] = field(default_factory=list)
    complete: bool = True
    used_s: float = field(default_factory=time.monotonic)


class IndexCache:
    """The indexes of one model `revision`. Photos with vectors of another revision are found by their words.

    max_bytes   above it, the least recently used indexes are dropped, except the last one
    """

    def __init__(self, memory: Memory, revision: str, *, max_bytes: int = MAX_BYTES) -> None:
        self._memory, self._revision, self._max_bytes = memory, revision, max_bytes
        self._cached: OrderedDict[int, CachedIndex] = OrderedDict()  # by chat; the last used at the end
        self._expected: dict[int, None] = {}  # chats to be read ahead, in order
        self._reading = asyncio.Lock()

    @property
    def chats(self) -> tuple[int, ...]:
        """The chats whose indexes are cached, the least recently used first."""
        return tuple(self._cached)

    @property
    def expecting(self) -> bool:
        """Whether there is an index to be read ahead."""
        return bool(self._expected)

    async def get(self, chat: int) -> SearchIndex:
        """The index of the chat's photos as they are now. Waits while the server is unavailable."""
        async with self._reading:
            cached = self._cached.pop(chat, None) or CachedIndex()
            await self._note_changes(chat, cached, await retry_while_unavailable(self._memory.version, chat))
            await self._read(chat, cached)
            self._cached[chat], cached.used_s = cached, time.monotonic()
            while len(self._cached) > 1 and self._nbytes() > self._max_bytes:
                self._cached.popitem(last=False)
            return cached.index

    async def refresh(self, idle_s: float = IDLE_S) -> None:
        """Update the cached indexes, so that forgotten photos are gone; drop those idle for `idle_s`."""
        async with self._reading:
            chats, now_s = self.chats, time.monotonic()
            for chat, version in zip(
                chats, await retry_while_unavailable(self._memory.versions, chats), strict=True
            ):
                cached = self._cached[chat]
                if cached.complete and version != cached.version:
                    await self._note_changes(chat, cached, version)
                    await self._read(chat, cached)
                    cached.used_s = now_s
                if cached.complete and (now_s - cached.used_s >= idle_s or not len(cached.index)):
                    del self._cached[chat]

    def expect(self, chat: int) -> None:
        """Read a chat's index ahead, as it may be searched soon."""
        if chat not in self._cached:
            self._expected[chat] = None

    async def expect_latest(self) -> None:
        """Read the indexes of the chats that changed last ahead."""
        try:
            for chat in await self._memory.chats():
                self.expect(chat)
        except RedisError as error:
            log.warning(
                "cannot list recent chats, no index is read ahead: %s: %s", type(error).__name__, error
            )

    async def read_ahead(self) -> None:
        """Read one page of an expected index. No cached index is dropped for it."""
        if not self._expected:
            return
        chat = next(iter(self._expected))
        async with self._reading:
            cached = self._cached.get(chat)
            if cached is None:
                cached = self._cached[chat] = CachedIndex()
                self._cached.move_to_end(chat, last=False)
                await self._note_changes(
                    chat, cached, await retry_while_unavailable(self._memory.version, chat)
                )
            await self._read(chat, cached, pages=1)
            left_bytes = len(cached.pending) * cached.index.nbytes // max(1, len(cached.index))
            if self._nbytes() + left_bytes > self._max_bytes:
                del self._cached[chat]
                self._expected.clear()
            elif cached.complete:
                del self._expected[chat]

    async def _note_changes(self, chat: int, cached: CachedIndex, version: int) -> None:
        """Note what is to be read for a version of the chat's memory."""
        if version != cached.version:
            changed = await retry_while_unavailable(self._memory.changed_since, chat, cached.version)
            cached.pending = list(dict.fromkeys([*cached.pending, *changed]))
            cached.version, cached.complete = version, False

    async def _read(self, chat: int, cached: CachedIndex, pages: int | None = None) -> None:
        """Read all pending photos, or some pages; each page is indexed while the next is on its way."""
        ids = cached.pending[: pages and pages * PAGE]
        rows: list[Searchable] = []
        for start in range(0, len(ids) + PAGE, PAGE):
            page = ids[start : start + PAGE]
            rows, _ = await asyncio.gather(
                retry_while_unavailable(self._memory.searchable, chat, page),
                asyncio.to_thread(self._add_photos, cached.index, rows),
            )
        cached.pending = cached.pending[len(ids) :]
        if cached.pending or cached.complete:
            return
        # Equal counts: nothing was deleted. A deletion and an addition since then are in the next version.
        if await retry_while_unavailable(self._memory.count, chat) != len(cached.index):
            for deleted in cached.index.ids - set(await retry_while_unavailable(self._memory.ids, chat)):
                cached.index.remove(deleted)
        cached.complete = True

    def _add_photos(self, index: SearchIndex, rows: Sequence[Searchable]) -> None:
        for row in rows:
            index.add(_indexed(row, self._revision))

    def _nbytes(self) -> int:
        return sum(cached.index.nbytes for cached in self._cached.values())


def _indexed(row: Searchable, revision: str) -> IndexedPhoto:
    """A photo as search knows it. Its text is English, with the chat's translation and its owner's words."""
    photo, vectors = row.photo, row.vectors
    texts = [photo.text, "" if photo.correction else photo.localized_caption]
    usable = vectors is not None and vectors.revision == revision
    return IndexedPhoto(
        id=photo.id,
        vectors=np.frombuffer(vectors.data, np.float16).reshape(vectors.shape)
        if vectors and usable
        else None,
        text="\n".join(filter(None, texts)),
        owner_text=f"{photo.correction}\n{photo.note}",
        timestamp=photo.created_ms,
        sender=photo.sender,
    )
