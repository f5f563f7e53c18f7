"""/find and /recent: photos by words, by likeness, by time and sender, and pages of them.

    more:OFFSET         the next hits of the search that the message replies to
    more:OFFSET:PHOTO   the same, of the photos that are similar to one
    older:PHOTO:COUNT   the photos of that list that came before one, which is number COUNT
    show:PHOTO          where it is in the chat
    near:PHOTO          the photo that was offered where nothing was found

A page replies to its command, so 'more' reads the search from there and nothing is stored. The ids in a
button are looked up in its own chat.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
from telegram import InlineKeyboardButton, Message, Update

from bot.access.addressing import text_to_bot
from bot.context import Context, Services
from bot.i18n.date_filter import ME, parse_query
from bot.i18n.translator import Translator
from bot.replies import find
from bot.replies.layout import button, keyboard
from bot.state.reply_target import (
    NearestPhoto,
    RecentPage,
    ReplyTarget,
    SearchPage,
    target_of_message,
)
from bot.transport.photo_sender import CaptionedPhoto
from vlm.errors import NotFound
from vlm.memory import Memory, Photo
from vlm.protocol import Find, Found, Hit

PAGE: Final = 5  # photos at a time
COLUMNS: Final = 2  # of buttons, so that their labels can be read on a phone
MORE, OLDER, SHOW, NEAR = "more", "older", "show", "near"
MAX_DIGITS: Final = 6  # of an offset


async def search(update: Update, context: Context) -> None:
    """/find: by words, or what is similar to the photo that is replied to. `show_result` shows the hits."""
    target = context.replied_message
    if context.text:
        await _search_by_words(context)
    elif target:
        await _search_similar(context, target)
    else:
        await context.reply(find.how(await context.translator()))


async def recent(update: Update, context: Context) -> None:
    """/recent: the first page of all photos."""
    await _list(context.services, context.target, Find(), await context.translator())


async def more(update: Update, context: Context) -> None:
    """The next page of hits."""
    services, t, (offset, _, like) = (
        context.services,
        await context.translator(),
        context.argument.partition(":"),
    )
    command = _command(context)
    if command is None or not _is_count(offset):
        await context.answer(find.too_old(t), alert=True)
        return
    target = target_of_message(command)
    target = target.with_key(SearchPage(target.key, int(offset)))
    await _answer_for_page(context, target)
    criteria = Find(like=like) if like else await _search_criteria(services.memory, command, t)
    await _submit(services, target, msgspec.structs.replace(criteria, offset=int(offset)), t)


async def older(update: Update, context: Context) -> None:
    """The next page of a list by date."""
    services, t, (before, _, count) = (
        context.services,
        await context.translator(),
        context.argument.partition(":"),
    )
    command = _command(context)
    if command is None or not await services.memory.get(context.chat_id, before):
        await context.answer(find.too_old(t), alert=True)
        return
    target = target_of_message(command)
    target = target.with_key(RecentPage(target.key, before))
    await _answer_for_page(context, target)
    is_recent = (command.text or "").startswith("/recent")
    criteria = Find() if is_recent else await _search_criteria(services.memory, command, t)
    await _list(services, target, criteria, t, before, int(count) if _is_count(count) else 0)


async def show(update: Update, context: Context) -> None:
    """Reply to the message that brought the photo."""
    services, t = context.services, await context.translator()
    photo = await services.memory.get(context.chat_id, context.argument)
    if photo is None:
        await context.answer(find.forgotten(t), alert=True)
    elif await services.photo_sender.point_to(context.target, photo, find.here_it_is(t, photo)):
        await context.answer()
    else:
        await context.answer(find.original_gone(t), alert=True)


async def show_nearest(update: Update, context: Context) -> None:
    """Send the photo that was offered where nothing was found: once."""
    services, t = context.services, await context.translator()
    photo = await services.memory.get(context.chat_id, context.argument)
    if photo is None:
        await context.answer(find.forgotten(t), alert=True)
        return
    target = context.target.with_key(NearestPhoto(context.message.message_id))
    refused = await services.photo_sender.send_photos(target, [_captioned(t, photo)])
    await context.answer(find.lost(t, 1) if refused else "", alert=bool(refused))


async def show_result(
    services: Services, criteria: Find, outcome: Found, target: ReplyTarget, t: Translator
) -> None:
    """Show a page of hits, or that there are none."""
    hits = [(hit, await services.memory.get(target.chat, hit.photo)) for hit in outcome.hits]
    photos = [
        _captioned(t, photo, number if outcome.total > 1 else 0, hit, criteria.query)
        for number, (hit, photo) in enumerate(
            ((hit, photo) for hit, photo in hits if photo), criteria.offset + 1
        )
    ]
    if not photos:
        await _offer_nearest(services, target, criteria, outcome.nearest, t)
        return
    search = await _search_text(services.memory, target.chat, criteria, t)
    head = find.hits_head(t, search, criteria.offset + 1, len(photos), outcome.total)
    end = criteria.offset + len(outcome.hits)
    argument = f"{end}:{criteria.like}" if criteria.like else str(end)
    next_page = button(find.more(t), MORE, argument) if end < outcome.total else None
    await _send_page(services, target, t, head, photos, next_page)


async def _search_by_words(context: Context) -> None:
    services, target, t = context.services, context.target, await context.translator()
    if not await services.memory.count(target.chat):
        await context.reply(find.empty(t))
        return
    criteria = await _search_criteria(services.memory, context.message, t)
    if criteria.query:
        await _submit(services, target, criteria, t)
    else:
        await _list(services, target, criteria, t)


async def _search_similar(context: Context, message: Message) -> None:
    services, t = context.services, await context.translator()
    if photo := await services.memory.photo_of(context.chat_id, message.message_id):
        await _submit(services, context.target, Find(like=photo), t)
    else:
        await context.reply(find.which_photo(t))


async def _search_criteria(memory: Memory, command: Message, t: Translator) -> Find:
    """The search that a command asks for. Raises NotFound for an unknown sender."""
    parsed, chat = parse_query(text_to_bot(command), t, command.date), command.chat_id
    sender: int | None = 0
    if parsed.sender_name == ME:
        sender = command.from_user.id if command.from_user else 0
    elif name := parsed.sender_name:
        # '@ada', else the full name Ada: a username is optional
        sender = await memory.sender_named(chat, name) or await memory.sender_named(
            chat, name.removeprefix("@")
        )
    if sender is None:
        raise NotFound("I know no photos from {name} in this chat.", name=parsed.sender_name)
    return Find(query=parsed.text, since_ms=parsed.since_ms, until_ms=parsed.until_ms, sender=sender)


async def _submit(services: Services, target: ReplyTarget, criteria: Find, t: Translator) -> None:
    """Submit the search for a page of hits."""
    services.typing_indicator.start(target.job_id, target)
    has_worker = bool(await services.client.models())
    await services.outbox.send_placeholder(target, find.looking(t, has_worker))
    await services.client.find(
        job=target.job_id,
        chat=target.chat,
        language=t.tag,
        correlation_data=target.correlation_data,
        **msgspec.structs.asdict(criteria) | {"limit": PAGE},
    )


async def _list(
    services: Services,
    target: ReplyTarget,
    criteria: Find,
    t: Translator,
    before: str | None = None,
    count_before: int = 0,
) -> None:
    """Send a page by date, after `count_before` photos: no model is needed for it."""
    times = {"since_ms": criteria.since_ms, "until_ms": criteria.until_ms}
    photos = await services.memory.recent(
        target.chat, PAGE + 1, before, sender=criteria.sender or None, **times
    )
    search = await _search_text(services.memory, target.chat, criteria, t)
    if not photos:
        await services.outbox.send(target, find.empty_list(t, search) if search else find.empty(t))
        return
    page = photos[:PAGE]
    last = count_before + len(page)
    captioned = [
        _captioned(t, photo, number if last > 1 else 0) for number, photo in enumerate(page, count_before + 1)
    ]
    next_page = button(find.more(t), OLDER, f"{page[-1].id}:{last}") if len(photos) > PAGE else None
    head = find.list_head(t, search, earlier=bool(count_before))
    await _send_page(services, target, t, head, captioned, next_page)


async def _send_page(
    services: Services,
    target: ReplyTarget,
    t: Translator,
    head: str,
    photos: Sequence[CaptionedPhoto],
    next_page: InlineKeyboardButton | None,
) -> None:
    """Send the head, with the buttons that an album cannot have; then the photos."""
    text = find.page(t, head, [item.caption for item in photos])
    buttons = [button(find.show(t, item.number), SHOW, item.photo.id) for item in photos]
    markup = keyboard([*buttons, *([next_page] if next_page else [])], COLUMNS)
    message = await services.outbox.send(target, text, markup)
    if len(photos) == 1:
        await services.memory.link(target.chat, message, photos[0].photo.id)
    if refused := await services.photo_sender.send_photos(target, photos):
        await services.outbox.send(target, f"{text}\n\n{find.lost(t, len(refused))}", markup)


async def _offer_nearest(
    services: Services, target: ReplyTarget, criteria: Find, nearest: Hit | None, t: Translator
) -> None:
    photo = await services.memory.get(target.chat, nearest.photo) if nearest else None
    search = await _search_text(services.memory, target.chat, criteria, t)
    text = find.nothing(t, search, photo, alike=bool(criteria.like))
    markup = keyboard([button(find.show_nearest(t), NEAR, photo.id)]) if photo else None
    message = await services.outbox.send(target, text, markup)
    if photo:
        await services.memory.link(target.chat, message, photo.id)


async def _search_text(memory: Memory, chat: int, criteria: Find, t: Translator) -> str:
    """The search in words."""
    latest = await memory.latest(chat, criteria.sender) if criteria.sender else None
    return find.describe_search(t, criteria, latest.sender_name if latest else "")


async def _answer_for_page(context: Context, target: ReplyTarget) -> None:
    """Answer a press for a page, which is sent once, however often it is asked for."""
    is_sent = await context.services.outbox.sent_id(target)
    await context.answer(find.here_already(await context.translator()) if is_sent else "")


def _command(context: Context) -> Message | None:
    """The command that the message with the button answers; None if the command was deleted."""
    command = context.replied_message
    return command if command and (command.text or "").startswith("/") else None


def _is_count(text: str) -> bool:
    return text.isdecimal() and len(text) <= MAX_DIGITS


def _captioned(
    t: Translator, photo: Photo, number: int = 0, hit: Hit | None = None, query: str = ""
) -> CaptionedPhoto:
    return CaptionedPhoto(photo, find.photo_caption(t, photo, number, hit, query), number)
