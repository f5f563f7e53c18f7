"""Several photos answered in one message: the captions of an album, and a question about all of its photos.

The first photo sends that message; each result edits it. Nothing waits in this process: the state is in
`bot.state.album_store` and in the chat's memory, so another bot can continue after this one has ended.
"""

import asyncio
from collections.abc import Collection

from redis.exceptions import RedisError
from telegram import Update

from bot.context import Context, Services
from bot.i18n.question_detection import split_question
from bot.i18n.translator import Translator
from bot.replies import albums, questions
from bot.replies.albums import AlbumLine
from bot.replies.status import refusal
from bot.state.album_store import ANSWERED, AlbumItem
from bot.state.reply_target import AlbumCaptions, QuestionAboutAll, ReplyKey, ReplyTarget
from vlm.errors import AfterimageError, BadRequest, Unavailable
from vlm.memory import Photo
from vlm.protocol import Ask, Result
from vlm.queue.client import clean_question


async def receive_album_photo(update: Update, context: Context) -> None:
    """A photo of an album. If it is refused, the reason stands with its number."""
    services, message, t = context.services, context.message, await context.translator()
    question, note = split_question(context.text, t.tag) if context.text else ("", "")
    picture = services.telegram_files.picture_in(message)
    photo = await services.photo_store.save(message, picture, note=note, arrival_us=context.arrival_us)
    target = context.target.with_key(AlbumCaptions(message.media_group_id or ""))
    await services.album_store.add_photo(target, photo.id)
    items = await services.album_store.items(target.chat, target.key)
    # the album's placeholder shows how long the queue is for its first photo
    is_first = items[0].photo == photo.id
    services.typing_indicator.start(context.target.job_id, target if is_first else context.target)
    has_worker = bool(await services.client.models())
    await services.outbox.send_placeholder(target, albums.looking(t, has_worker))
    try:
        await services.client.caption(
            job=context.target.job_id,
            chat=target.chat,
            photo=photo.id,
            picture=await services.telegram_files.fetch(picture.file_id, picture.file_size),
            style=(await context.preferences()).style,
            language=t.tag,
            correlation_data=target.with_question(question).correlation_data,
            priority="bulk",  # single photos of other users go first
        )
    except (BadRequest, Unavailable) as error:
        await _show_refusal(services, target, photo, error, t)


async def ask_about_all(
    services: Services, target: ReplyTarget, photos: Collection[Photo], question: str, t: Translator
) -> None:
    """Ask a question about each of several photos; the answers come in one numbered message."""
    question = clean_question(question)
    target = target.with_key(QuestionAboutAll(target.key)).with_question("")
    for photo in photos:
        await services.album_store.add_photo(target, photo.id)
    has_worker = bool(await services.client.models())
    await services.outbox.send_placeholder(target, questions.thinking(t, has_worker, question))
    for photo in photos:
        try:
            await _ask(services, target, photo, question, t)
        except (BadRequest, Unavailable) as error:
            await _show_refusal(services, target, photo, error, t, question)


async def wait_until_quiet(services: Services, target: ReplyTarget) -> None:
    """Return when no more photos of an album are expected."""
    await asyncio.sleep(await services.album_store.quiet_in_s(target))


async def show_result(
    services: Services, result: Result, target: ReplyTarget, t: Translator, *, refused: str = ""
) -> None:
    """A result of one photo; `refused` says why there is none. Then ask the question of the album."""
    question = result.task.question if isinstance(result.task, Ask) else ""
    outcome = refused or f"{ANSWERED}{result.job}"
    await _set_outcome(services, target, result.photo or "", outcome, t, question)
    if target.follow_up_question:
        photos = await photos_in(services, target.chat, target.key)
        await ask_about_all(services, target, photos.values(), target.follow_up_question, t)


async def remove_photo(services: Services, chat: int, photo: str, t: Translator) -> None:
    """Remove the line of a photo that is being forgotten from the bot's messages. The numbers stay."""
    for key in await services.album_store.lists_with(chat, photo):
        if message := await services.album_store.message_of(chat, key):
            question = await _question_of(services, chat, key)
            text = await _text(services, chat, key, t, question, except_photo=photo)
            await services.outbox.edit(chat, message, text)


async def photos_in(services: Services, chat: int, key: ReplyKey) -> dict[int, Photo]:
    """The photos of a list that are still remembered, by their numbers, in order."""
    items = await services.album_store.items(chat, key)
    return {item.number: photo for item in items if (photo := await services.memory.get(chat, item.photo))}


async def _ask(services: Services, target: ReplyTarget, photo: Photo, question: str, t: Translator) -> None:
    has_tokens = await services.memory.tokens_alive(target.chat, photo.id)
    await services.client.ask(
        job=f"{target.job_id}-{photo.id}",
        chat=target.chat,
        photo=photo.id,
        question=question,
        picture=None if has_tokens else await services.telegram_files.fetch(photo.file_id),
        language=t.tag,
        correlation_data=target.correlation_data,
        priority="bulk",
    )


async def _show_refusal(
    services: Services,
    target: ReplyTarget,
    photo: Photo,
    error: AfterimageError,
    t: Translator,
    question: str = "",
) -> None:
    """Show why a photo has no job. Raises the error if Redis was unavailable: it is retried."""
    if isinstance(error.__cause__, RedisError):
        raise error
    await _set_outcome(services, target, photo.id, refusal(t, error), t, question, at_once=True)


async def _set_outcome(
    services: Services,
    target: ReplyTarget,
    photo: str,
    outcome: str,
    t: Translator,
    question: str = "",
    *,
    at_once: bool = False,
) -> None:
    """Store a photo's outcome, and update the message of the list.

    Outcomes in quick succession are shown together, unless `at_once`.
    """
    store = services.album_store
    await store.set_outcome(target, photo, outcome)
    items = await store.items(target.chat, target.key)
    if not items:  # the chat was forgotten a moment ago
        return
    is_complete = all(item.outcome for item in items)
    if not is_complete and not (at_once or await store.is_due(target)):
        return
    text = await _text(services, target.chat, target.key, t, question)
    await store.set_message(target, await services.outbox.send(target, text))


async def _text(
    services: Services, chat: int, key: ReplyKey, t: Translator, question: str, except_photo: str = ""
) -> str:
    """The text of a list so far, without `except_photo`."""
    items = [item for item in await services.album_store.items(chat, key) if item.photo != except_photo]
    with_outcome = [item for item in items if item.outcome]
    lines = [line for item in with_outcome if (line := await _line(services, chat, item, question))]
    total = len(items) - len(with_outcome) + len(lines)
    if not lines:
        return albums.nothing_left(t)
    if question:
        return albums.answers(t, question, lines, total)
    return albums.captions(t, lines, total, await _shared_note(services, chat, key))


async def _question_of(services: Services, chat: int, key: ReplyKey) -> str:
    """The question that a list answers, which is stored with the answers; '' for captions."""
    if not isinstance(key, QuestionAboutAll):
        return ""
    items = await services.album_store.items(chat, key)
    turns = [await services.memory.turn_of(chat, item.photo, item.job) for item in items if item.job]
    return next((turn.original_question or turn.question for turn in turns if turn), "")


async def _line(services: Services, chat: int, item: AlbumItem, question: str) -> AlbumLine | None:
    """The line of a photo; None if the photo was forgotten."""
    if not item.job:
        return AlbumLine(item.number, item.outcome, is_refusal=True)
    if question:
        turn = await services.memory.turn_of(chat, item.photo, item.job)
        return AlbumLine(item.number, turn.localized_answer or turn.answer) if turn else None
    photo = await services.memory.get(chat, item.photo)
    return (
        AlbumLine(item.number, photo.correction or photo.localized_caption or photo.caption)
        if photo
        else None
    )


async def _shared_note(services: Services, chat: int, key: ReplyKey) -> str:
    """The album's note: the text below one of its photos is about all of them."""
    photos = await photos_in(services, chat, key)
    notes = {photo.note for photo in photos.values() if photo.note}
    if len(notes) != 1:
        return ""
    for photo in photos.values():
        if not photo.note:
            await services.memory.set_note(chat, photo.id, *notes)
    return notes.pop()
