"""Questions about a photo and their answers."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from vlm import keys
from vlm.memory.listing import Listing
from vlm.memory.photos import Photo
from vlm.memory.store import pages
from vlm.protocol import Turn


class StoredTurn(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename={"localized_answer": "shown", "original_question": "asked"},
):
    """A question and its answer in English; the other two as the chat saw them, '' if that was English."""

    question: str
    answer: str
    at_ms: int
    localized_answer: str = ""
    original_question: str = ""


class Turns(Listing):
    """Reads and writes of turns."""

    async def add_turn(
        self,
        chat: int,
        photo: str,
        *,
        job: str,
        turn: Turn,
        at_ms: int,
        localized_answer: str = "",
        original_question: str = "",
    ) -> bool:
        """Add a question and its answer, in English and as the chat saw them. Each job has one turn."""
        stored = StoredTurn(
            question=turn.question,
            answer=turn.answer,
            at_ms=at_ms,
            localized_answer=localized_answer,
            original_question=original_question,
        )
        return await self._write(chat, photo, "turns", "HSET", job, msgspec.msgpack.encode(stored))

    async def turns(self, chat: int, photo: str, last: int = 3) -> list[Turn]:
        """The last questions about a photo and their answers, oldest first."""
        rows: Any = await self._redis.hvals(keys.TURNS(chat=chat, photo=photo))
        return _decode_turns(rows)[-last:]

    async def turn_of(self, chat: int, photo: str, job: str) -> StoredTurn | None:
        """The turn of one job."""
        row: Any = await self._redis.hget(keys.TURNS(chat=chat, photo=photo), job)
        return msgspec.msgpack.decode(row, type=StoredTurn) if row else None

    async def photos_with_turns(self, chat: int) -> AsyncIterator[tuple[Photo, list[Turn]]]:
        """All photos, oldest first, each with all of its turns; read a page at a time."""
        for ids in pages(await self.ids(chat)):
            photos = await self.photos(chat, ids)
            async with self._redis.pipeline(transaction=False) as pipe:
                for id in ids:
                    pipe.hvals(keys.TURNS(chat=chat, photo=id))
                turns = await pipe.execute()
            for photo, rows in zip(photos, turns, strict=True):
                if photo:
                    yield photo, _decode_turns(rows)


def _decode_turns(rows: Any) -> list[Turn]:
    """The turns in values of a hash, oldest first."""
    stored = sorted(
        (msgspec.msgpack.decode(row, type=StoredTurn) for row in rows), key=lambda turn: turn.at_ms
    )
    return [Turn(question=turn.question, answer=turn.answer) for turn in stored]
