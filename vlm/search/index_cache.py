"""The albums of the chats that are searched: read once, then kept up with what changes.

Only what has changed since is read: a chat's memory says its edition, and what came after an earlier one.
An album of ten thousand photos takes the better part of a second to read. So those that will be wanted are
read ahead, a page at a time while there is nothing else to do: the chats that changed last when a worker
starts, and each chat that sends a photo.
Nothing may search an album while another method of `IndexCache` is at work.
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
from vlm.search.index import Photo, SearchIndex

log = logging.getLogger(__name__)

MAX_BYTES: Final = 1 << 30  # of all albums; three chats of 10,000 photos with BLIP-2's vectors
IDLE_S: Final = 24 * 3600.0  # without a search or a photo, until an album is let go
PAGE: Final = 100  # photos read at a time, so that the worker's heart beats between them


@dataclass
class Kept:
    """An album on its way to an edition of its chat.

    ahead    photos that changed up to `edition` and are still to be read
    whole    whether the album is what that edition is: all read, and without those that went
    """

    album: SearchIndex = field(default_factory=SearchIndex)
    edition: int = 0
    ahead: list[str] = field(default_factory=list)
    whole: bool = True
    used_s: float = field(default_factory=time.monotonic)


class IndexCache:
    """Of one model's `revision`: vectors of another are left out, so that its photos are found by words.

    max_bytes   beyond which the album that was used the longest ago is let go; the last one is kept
    """

    def __init__(self, memory: Memory, revision: str, *, max_bytes: int = MAX_BYTES) -> None:
        self._memory, self._revision, self._max_bytes = memory, revision, max_bytes
        self._kept: OrderedDict[int, Kept] = OrderedDict()  # of a chat; the last used at the end
        self._expected: dict[int, None] = {}  # chats to be read ahead, the first one first
        self._reading = asyncio.Lock()

    @property
    def chats(self) -> tuple[int, ...]:
        """Whose albums are kept, the longest unused first."""
        return tuple(self._kept)

    @property
    def expecting(self) -> bool:
        """Whether there is something to be read ahead."""
        return bool(self._expected)

    async def of(self, chat: int) -> SearchIndex:
        """The chat's photos as they are now. Waits for as long as the server is away."""
        async with self._reading:
            kept = self._kept.pop(chat, None) or Kept()
            await self._look(chat, kept, await retry_while_unavailable(self._memory.edition, chat))
            await self._read(chat, kept)
            self._kept[chat], kept.used_s = kept, time.monotonic()
            while len(self._kept) > 1 and self._nbytes() > self._max_bytes:
                self._kept.popitem(last=False)
            return kept.album

    async def follow(self, idle_s: float = IDLE_S) -> None:
        """Bring the albums up to date: what a chat forgot is gone here, too. Let go of those idle so long."""
        async with self._reading:
            chats, now_s = self.chats, time.monotonic()
            for chat, edition in zip(
                chats, await retry_while_unavailable(self._memory.editions, chats), strict=True
            ):
                kept = self._kept[chat]
                if kept.whole and edition != kept.edition:
                    await self._look(chat, kept, edition)
                    await self._read(chat, kept)
                    kept.used_s = now_s
                if kept.whole and (now_s - kept.used_s >= idle_s or not len(kept.album)):
                    del self._kept[chat]

    def expect(self, chat: int) -> None:
        """A chat may be searched soon."""
        if chat not in self._kept:
            self._expected[chat] = None

    async def expect_latest(self) -> None:
        """The chats that changed last may be searched soon."""
        try:
            for chat in await self._memory.chats():
                self.expect(chat)
        except RedisError as error:
            log.warning("no album is read ahead: %s: %s", type(error).__name__, error)

    async def read_ahead(self) -> None:
        """Read one page of what is expected. Nothing makes room for it that is kept already."""
        if not self._expected:
            return
        chat = next(iter(self._expected))
        async with self._reading:
            kept = self._kept.get(chat)
            if kept is None:
                kept = self._kept[chat] = Kept()
                self._kept.move_to_end(chat, last=False)
                await self._look(chat, kept, await retry_while_unavailable(self._memory.edition, chat))
            await self._read(chat, kept, pages=1)
            left = len(kept.ahead) * kept.album.nbytes // max(1, len(kept.album))
            if self._nbytes() + left > self._max_bytes:
                del self._kept[chat]
                self._expected.clear()
            elif kept.whole:
                del self._expected[chat]

    async def _look(self, chat: int, kept: Kept, edition: int) -> None:
        """What is to be read for an edition, which was asked for before."""
        if edition != kept.edition:
            changed = await retry_while_unavailable(self._memory.changed, chat, kept.edition)
            kept.ahead = list(dict.fromkeys([*kept.ahead, *changed]))
            kept.edition, kept.whole = edition, False

    async def _read(self, chat: int, kept: Kept, pages: int | None = None) -> None:
        """Read on, to the end or some pages: while the next one is on its way, the last is taken in."""
        ids = kept.ahead[: pages and pages * PAGE]
        rows: list[Searchable] = []
        for start in range(0, len(ids) + PAGE, PAGE):
            page = ids[start : start + PAGE]
            rows, _ = await asyncio.gather(
                retry_while_unavailable(self._memory.searchable, chat, page),
                asyncio.to_thread(self._take_in, kept.album, rows),
            )
        kept.ahead = kept.ahead[len(ids) :]
        if kept.ahead or kept.whole:
            return
        # As many as there are: nothing went. Where one went and one came just now, the next edition tells.
        if await retry_while_unavailable(self._memory.count, chat) != len(kept.album):
            for gone in kept.album.ids - set(await retry_while_unavailable(self._memory.ids, chat)):
                kept.album.drop(gone)
        kept.whole = True

    def _take_in(self, album: SearchIndex, rows: Sequence[Searchable]) -> None:
        for one in rows:
            album.put(photo(one, self._revision))

    def _nbytes(self) -> int:
        return sum(one.album.nbytes for one in self._kept.values())


def photo(one: Searchable, revision: str) -> Photo:
    """A photo as search knows it. Its text is English, and as the chat saw it and its owner wrote it."""
    known, vectors = one.photo, one.vectors
    texts = [known.text, "" if known.corrected else known.shown]
    usable = vectors is not None and vectors.revision == revision
    return Photo(
        id=known.id,
        vectors=np.frombuffer(vectors.data, np.float16).reshape(vectors.shape)
        if vectors and usable
        else None,
        text="\n".join(filter(None, texts)),
        own=f"{known.corrected}\n{known.note}",
        at=known.created_ms,
        sender=known.sender,
    )
