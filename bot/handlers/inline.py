"""`@bot red bicycle` in any chat: the photos of that person's private chat with the bot, of no other.

An inline query has no message: its job's ticket names the query, and its result is the query's answer.
Telegram waits some ten seconds for it; what comes later is dropped, as is what was typed on meanwhile.

    offset of a search: how many hits came before; of a list by date: the photo before

Not handled: stickers among the photos; a file that Telegram has no more takes its whole page along.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from telegram import (
    Bot,
    InlineQueryResultCachedDocument,
    InlineQueryResultCachedPhoto,
    InlineQueryResultsButton,
)
from telegram.error import BadRequest

from bot.i18n import date_filter as when
from bot.i18n.translator import Translator, translator_for
from bot.replies import find as said
from bot.replies.length import fitted
from bot.state.reply_target import place_of_inline
from bot.talk import Inline
from vlm.errors import AfterimageError
from vlm.memory import Photo
from vlm.protocol import Find, Found, Result
from vlm.queue.client import Client

PAGE: Final = 20
MAX_TITLE: Final = 256  # UTF-16 code units: an app shows two lines of it
LATE_S: Final = 10  # after which no answer is taken
CACHE_S: Final = 5  # for which Telegram may give the same answer to the same person
START: Final = "find"  # what /start is given by the button over the results
DIGITS: Final = 6  # of an offset

InlineResult = InlineQueryResultCachedPhoto | InlineQueryResultCachedDocument


class InlineSearch:
    def __init__(self, bot: Bot, client: Client) -> None:
        self._bot = bot
        self._client = client

    async def receive(self, inline: Inline) -> None:
        """Answer with photos by date, or search; the hits come by `deliver`."""
        query, t = inline.query, inline.t
        asked = when.read(query.query, t, datetime.now(UTC))
        if not await self._client.memory.count(query.from_user.id):
            await self._answer(query.id, [], button=said.open_chat(t))
        elif not asked.words:
            await self._list(inline, asked)
        elif not await self._client.models():
            await self._answer(query.id, [], button=said.no_worker(t))
        else:
            await self._search(inline, asked)

    async def deliver(self, result: Result, query: str) -> None:
        """Answer with hits; with none if there are none, or the job was refused."""
        t, photos, after = translator_for(result.language), list[Photo](), ""
        if isinstance(found := result.outcome, Found) and isinstance(wanted := result.task, Find):
            memory, next_offset = self._client.memory, wanted.offset + len(found.hits)
            kept = [await memory.get(result.chat, hit.photo) for hit in found.hits]
            photos = [photo for photo in kept if photo]
            after = str(next_offset) if next_offset < found.total else ""
        await self._answer(query, _results(t, photos), after, "" if photos else said.open_chat(t))

    async def _search(self, inline: Inline, asked: when.Asked) -> None:
        query, offset = inline.query, inline.query.offset
        place = place_of_inline(query.from_user.id, query.id)
        try:
            await self._client.find(
                job=place.job,
                chat=place.chat,
                query=asked.words,
                since_ms=asked.since_ms,
                until_ms=asked.until_ms,
                offset=int(offset) if offset.isdecimal() and len(offset) <= DIGITS else 0,
                limit=PAGE,
                language=inline.t.tag,
                correlation_data=place.correlation_data,
                deadline_ms=int(1000 * (time.time() + LATE_S)),
            )
        except AfterimageError:  # a refusal has no place here but an empty answer
            await self._answer(query.id, [], button=said.open_chat(inline.t))

    async def _list(self, inline: Inline, asked: when.Asked) -> None:
        query, t = inline.query, inline.t
        photos = await self._client.memory.recent(
            query.from_user.id,
            PAGE + 1,
            query.offset or None,
            since_ms=asked.since_ms,
            until_ms=asked.until_ms,
        )
        after = photos[PAGE - 1].id if len(photos) > PAGE else ""
        await self._answer(query.id, _results(t, photos[:PAGE]), after, "" if photos else said.open_chat(t))

    async def _answer(
        self, query: str, results: Sequence[InlineResult], after: str = "", button: str = ""
    ) -> None:
        with suppress(BadRequest):  # too late, or typed on
            await self._bot.answer_inline_query(
                query,
                results,
                cache_time=CACHE_S,
                is_personal=True,
                next_offset=after,
                button=InlineQueryResultsButton(button, start_parameter=START) if button else None,
            )


def _results(t: Translator, photos: Sequence[Photo]) -> list[InlineResult]:
    return [_result(t, photo) for photo in photos if photo.kind != "sticker"]


def _result(t: Translator, photo: Photo) -> InlineResult:
    words, day = fitted(said.words_of(t, photo), MAX_TITLE), t.day(photo.created_ms)
    caption = said.sent_on(t, photo)
    if photo.kind == "document":
        return InlineQueryResultCachedDocument(
            photo.id, title=words, document_file_id=photo.file_id, description=day, caption=caption
        )
    return InlineQueryResultCachedPhoto(
        photo.id, photo_file_id=photo.file_id, title=words, description=day, caption=caption
    )
