"""`@bot red bicycle` in any chat: photos of the user's private chat with the bot only.

An inline query has no message: its job's correlation data names the query, and its result answers the query.
Telegram waits about ten seconds for that and drops later answers, as it does when the user has typed on.

    offset of a search: how many hits came before; of a list by date: the last photo before

Not covered: stickers among the photos; a file that Telegram no longer has makes it refuse the whole page.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from telegram import (
    Bot,
    InlineQuery,
    InlineQueryResultCachedDocument,
    InlineQueryResultCachedPhoto,
    InlineQueryResultsButton,
    Update,
)
from telegram.error import BadRequest

from bot.context import Context, Services
from bot.i18n.date_filter import ParsedQuery, parse_query
from bot.i18n.translator import Translator, translator_for
from bot.replies import find
from bot.replies.layout import truncate
from bot.state.reply_target import InlineRequest, ReplyTarget
from vlm.errors import AfterimageError
from vlm.memory import Photo
from vlm.protocol import Find, Found, Result

PAGE: Final = 20
MAX_TITLE: Final = 256  # UTF-16 code units: an app shows two lines of it
DEADLINE_S: Final = 10  # after which Telegram takes no answer
CACHE_S: Final = 5  # for which Telegram may give the same answer to the same user
START_PARAMETER: Final = "find"  # what the button over the results gives to /start
MAX_DIGITS: Final = 6  # of an offset

InlineResult = InlineQueryResultCachedPhoto | InlineQueryResultCachedDocument


async def receive_inline_query(update: Update, context: Context) -> None:
    """Answer with photos by date, or search; the hits come later, by `show_result`."""
    services, query, t = context.services, update.inline_query, await context.translator()
    if query is None:
        return
    parsed = parse_query(query.query, t, datetime.now(UTC))
    if not await services.memory.count(query.from_user.id):
        await _answer(services.bot, query.id, [], button=find.open_chat(t))
    elif not parsed.text:
        await _list(services, query, parsed, t)
    elif not await services.client.models():
        await _answer(services.bot, query.id, [], button=find.no_worker(t))
    else:
        await _search(services, query, parsed, t)


async def show_result(services: Services, result: Result, query: str) -> None:
    """Answer with hits; without any if there are none, or the job was refused."""
    t, photos, next_offset = translator_for(result.language), list[Photo](), ""
    outcome, task = result.outcome, result.task
    if isinstance(outcome, Found) and isinstance(task, Find):
        remembered = [await services.memory.get(result.chat, hit.photo) for hit in outcome.hits]
        photos = [photo for photo in remembered if photo]
        end = task.offset + len(outcome.hits)
        next_offset = str(end) if end < outcome.total else ""
    button = "" if photos else find.open_chat(t)
    await _answer(services.bot, query, inline_results(t, photos), next_offset, button)


async def _search(services: Services, query: InlineQuery, parsed: ParsedQuery, t: Translator) -> None:
    target, offset = ReplyTarget(query.from_user.id, InlineRequest(query.id)), query.offset
    try:
        await services.client.find(
            job=target.job_id,
            chat=target.chat,
            query=parsed.text,
            since_ms=parsed.since_ms,
            until_ms=parsed.until_ms,
            offset=int(offset) if offset.isdecimal() and len(offset) <= MAX_DIGITS else 0,
            limit=PAGE,
            language=t.tag,
            correlation_data=target.correlation_data,
            deadline_ms=int(1000 * (time.time() + DEADLINE_S)),
        )
    except AfterimageError:  # there is nowhere to show a refusal
        await _answer(services.bot, query.id, [], button=find.open_chat(t))


async def _list(services: Services, query: InlineQuery, parsed: ParsedQuery, t: Translator) -> None:
    before = query.offset or None
    times: dict[str, Any] = {"since_ms": parsed.since_ms, "until_ms": parsed.until_ms}
    photos = await services.memory.recent(query.from_user.id, PAGE + 1, before, **times)
    next_offset = photos[PAGE - 1].id if len(photos) > PAGE else ""
    button = "" if photos else find.open_chat(t)
    await _answer(services.bot, query.id, inline_results(t, photos[:PAGE]), next_offset, button)


async def _answer(
    bot: Bot, query: str, results: Sequence[InlineResult], next_offset: str = "", button: str = ""
) -> None:
    with suppress(BadRequest):  # too late, or typed on
        await bot.answer_inline_query(
            query,
            results,
            cache_time=CACHE_S,
            is_personal=True,
            next_offset=next_offset,
            button=InlineQueryResultsButton(button, start_parameter=START_PARAMETER) if button else None,
        )


def inline_results(t: Translator, photos: Sequence[Photo]) -> list[InlineResult]:
    """Photos as Telegram shows them in the results of an inline query."""
    return [_result(t, photo) for photo in photos if photo.kind != "sticker"]


def _result(t: Translator, photo: Photo) -> InlineResult:
    title, day = truncate(find.describe(t, photo), MAX_TITLE), t.day(photo.created_ms)
    caption = find.caption_elsewhere(t, photo)
    if photo.kind == "document":
        return InlineQueryResultCachedDocument(
            photo.id, title=title, document_file_id=photo.file_id, description=day, caption=caption
        )
    return InlineQueryResultCachedPhoto(
        photo.id, photo_file_id=photo.file_id, title=title, description=day, caption=caption
    )
