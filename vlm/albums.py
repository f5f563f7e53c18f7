"""The albums of the chats that were searched lately: read once, then kept up with what changes.

Only what has changed since is read: a chat's memory says its edition, and what came after an earlier one.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from vlm.album import Album, Photo
from vlm.memory import Memory, Searchable
from vlm.streams import patiently

MAX_BYTES: Final = 1 << 30  # of all albums; three chats of 10,000 photos with BLIP-2's vectors
IDLE_S: Final = 600.0  # after a search, until its album is let go: what a chat forgets must not stay here
PAGE: Final = 100  # photos read at a time, so that the worker's heart beats between them


@dataclass
class Kept:
    """An album, which edition of the chat it shows, and when it was last used."""

    album: Album = field(default_factory=Album)
    edition: int = 0
    used_s: float = 0


class Albums:
    """Of one model's `revision`: vectors of another are left out, so that its photos are found by words.

    max_bytes   beyond which the album that was used the longest ago is let go; the last one is kept
    """

    def __init__(self, memory: Memory, revision: str, *, max_bytes: int = MAX_BYTES) -> None:
        self._memory, self._revision, self._max_bytes = memory, revision, max_bytes
        self._kept: OrderedDict[int, Kept] = OrderedDict()  # of a chat; the last used at the end
        self._reading = asyncio.Lock()

    @property
    def chats(self) -> tuple[int, ...]:
        """Whose albums are kept, the longest unused first."""
        return tuple(self._kept)

    async def of(self, chat: int) -> Album:
        """The chat's photos as they are now. Waits for as long as the server is away."""
        async with self._reading:
            kept = self._kept.pop(chat, None) or Kept()
            await self._keep_up(chat, kept)
            self._kept[chat], kept.used_s = kept, time.monotonic()
            self._let_go()
            return kept.album

    def let_go_idle(self, idle_s: float = IDLE_S) -> None:
        """Let go of the albums that were not searched for so long."""
        now_s = time.monotonic()
        for chat, kept in list(self._kept.items()):
            if now_s - kept.used_s >= idle_s:
                del self._kept[chat]

    async def _keep_up(self, chat: int, kept: Kept) -> None:
        edition = await patiently(self._memory.edition, chat)  # before what it is the edition of
        if edition == kept.edition:
            return
        changed = await patiently(self._memory.changed, chat, kept.edition)
        for page in _pages(changed):
            for one in await patiently(self._memory.searchable, chat, page):
                kept.album.put(photo(one, self._revision))
        # As many as there are: nothing went. Where one went and one came just now, the next edition tells.
        if await patiently(self._memory.count, chat) != len(kept.album):
            for gone in kept.album.ids - set(await patiently(self._memory.ids, chat)):
                kept.album.drop(gone)
        kept.edition = edition

    def _let_go(self) -> None:
        while len(self._kept) > 1 and sum(one.album.nbytes for one in self._kept.values()) > self._max_bytes:
            self._kept.popitem(last=False)


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


def _pages(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + PAGE] for start in range(0, len(ids), PAGE))
