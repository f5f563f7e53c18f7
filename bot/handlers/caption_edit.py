"""/edit, or the button below a caption: the owner's words replace the model's."""

from collections.abc import Sequence
from typing import Any, Final

from msgspec.structs import replace
from telegram import ForceReply, Message, MessageEntity, Update, User
from telegram.ext import ApplicationHandlerStop

from bot.context import Context
from bot.handlers.photos import show_caption
from bot.replies import privacy
from bot.state.reply_target import target_of_photo
from vlm.errors import BadRequest, TooLarge
from vlm.memory import Photo

MAX_CHARACTERS: Final = 1000


async def edit(update: Update, context: Context) -> None:
    """/edit WORDS, in reply to a photo or to a message about it. Without words, ask for them."""
    target = context.replied_message
    if target is None:
        await context.reply(privacy.how_to_edit(await context.translator()))
        return
    photo = await context.services.memory.photo_of(context.chat_id, target.message_id)
    if context.text or photo is None:
        await _set_caption(context, photo)
    else:
        await _ask_for_caption(context, photo)


async def correct(update: Update, context: Context) -> None:
    """The button 'Correct it': ask for the right words."""
    photo, t = (
        await context.services.memory.get(context.chat_id, context.argument),
        await context.translator(),
    )
    if photo is None:
        await context.answer(privacy.nothing_kept(t), alert=True)
    elif not await _may_edit(context, photo):
        await context.answer(privacy.only_owner_corrects(t), alert=True)
    else:
        await context.answer()
        await _ask_for_caption(context, photo.id, update.effective_user)


async def receive_caption(update: Update, context: Context) -> None:
    """A reply to one of the bot's messages: the caption, if that message asks for one.

    Raises ApplicationHandlerStop for a caption; any other text is left to the handlers after this one.
    """
    target = context.replied_message
    photo = target and await context.services.pending_edits.photo_of(context.chat_id, target.message_id)
    if photo:
        await _set_caption(context, photo)
        raise ApplicationHandlerStop


async def _ask_for_caption(context: Context, photo: str, presser: User | None = None) -> None:
    """In a group the reply field opens for one person: the author of the command, or the `presser`."""
    services, chat, target = context.services, context.chat_id, context.target
    is_mentioned = presser is not None and chat < 0
    t = await context.translator()
    text = privacy.new_words(t, presser.first_name if presser and is_mentioned else "")

    async def send(address: dict[str, Any]) -> Sequence[Message]:
        field = ForceReply(selective=chat < 0)
        entities = mention_in(text, presser) if presser and is_mentioned else None
        return [await services.bot.send_message(text=text, reply_markup=field, entities=entities, **address)]

    await services.outbox.send_once(target, send)
    if message := await services.outbox.sent_id(target):
        await services.pending_edits.add(chat, message, photo)


async def _set_caption(context: Context, id: str | None) -> None:
    services, chat, t = context.services, context.chat_id, await context.translator()
    caption = clean_caption(context.text)
    photo = await services.memory.get(chat, id) if id else None
    if photo is None or not await _may_edit(context, photo):
        await context.reply(privacy.only_owner_corrects(t) if photo else privacy.nothing_kept(t))
        return
    await services.memory.set_correction(chat, photo.id, caption)
    # the message with the caption is edited; where its id is no longer known, a new one is sent
    caption_target = target_of_photo(chat, photo.id, context.target.thread)
    await show_caption(services, caption_target, replace(photo, correction=caption), t)
    thanks = await context.reply(privacy.corrected(t))
    for message in (context.message.message_id, thanks):
        await services.memory.link(chat, message, photo.id)


async def _may_edit(context: Context, photo: Photo) -> bool:
    return context.user_id == photo.sender != 0 or await context.is_chat_admin()


def mention_in(text: str, user: User) -> Sequence[MessageEntity]:
    """Makes a user's first name in a text a mention: not everybody has a name with an @."""
    start, length = text.find(user.first_name), len(user.first_name)
    if start < 0:  # a name of two lines, in a language from the right
        return []
    mention = MessageEntity(MessageEntity.TEXT_MENTION, start, length, user=user)
    return MessageEntity.adjust_message_entities_to_utf_16(text, [mention])


def clean_caption(text: str) -> str:
    """The caption without surrounding blanks. Raises BadRequest if nothing is left, or TooLarge."""
    text = text.strip()
    if not text:
        raise BadRequest("A caption needs at least one word. Please write it again.")
    if len(text) > MAX_CHARACTERS:
        raise TooLarge(
            "That caption has {found} characters, and I can keep {most}. Please make it shorter.",
            found=len(text),
            most=MAX_CHARACTERS,
        )
    return text
