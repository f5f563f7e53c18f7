"""/forget, a photo or everything, and /privacy."""

from typing import Final

from telegram import Update

from bot.context import Context
from bot.handlers import albums
from bot.replies import privacy
from bot.state.reply_target import ReplyTarget, parse_key
from vlm.memory import Photo

ALL: Final = "all"  # understood in every language
ANYBODY: Final = "0"  # an administrator who asked anonymously presses under their own name
OPEN_S: Final = 300


async def show_privacy(update: Update, context: Context) -> None:
    services, t = context.services, await context.translator()
    await context.reply(privacy.privacy(t, services.retention_days, services.contact))


async def forget(update: Update, context: Context) -> None:
    """Forget the photo that is replied to; `/forget all` asks first; otherwise explain both."""
    target, t = context.replied_message, await context.translator()
    if context.text.lower() in (ALL, privacy.everything(t).lower()):
        await _ask_for_confirmation(context)
    elif target is None or context.text:
        await context.reply(privacy.how_to_forget(t))
    else:
        id = await context.services.memory.photo_of(context.chat_id, target.message_id)
        await _forget_photo(context, id)


async def forget_all(update: Update, context: Context) -> None:
    """Forget everything about the chat. The reply is an edit: the outbox would store a new message's id.

    A press may be handled again, after its bot was killed: photos that were sent since the press stay.
    """
    if await _may_decide(context):
        await context.services.memory.forget_chat(context.chat_id, context.arrival_us)
        await context.answer()
        await context.edit_message(privacy.all_forgotten(await context.translator()))


async def keep_all(update: Update, context: Context) -> None:
    """Forget nothing."""
    if await _may_decide(context):
        await context.answer()
        await context.edit_message(privacy.all_kept(await context.translator()))


async def _forget_photo(context: Context, id: str | None) -> None:
    services, t = context.services, await context.translator()
    photo = await services.memory.get(context.chat_id, id) if id else None
    if photo is None:
        # if this message has a reply, the photo was forgotten a moment ago, for this message
        if not await services.outbox.sent_id(context.target):
            await context.reply(privacy.nothing_kept(t))
    elif context.user_id == photo.sender != 0 or await context.is_chat_admin():
        await _remove(context, photo)
        await context.reply(privacy.forgotten(t))
    else:
        await context.reply(privacy.only_owner_forgets(t))


async def _remove(context: Context, photo: Photo) -> None:
    """Delete the caption first: its message id is forgotten with the photo."""
    services, chat, t = context.services, context.chat_id, await context.translator()
    target = ReplyTarget(chat, parse_key(photo.id))
    if caption := await services.outbox.sent_id(target):
        await services.outbox.delete(chat, caption, privacy.caption_forgotten(t))
    await albums.remove_photo(services, chat, photo.id, t)
    await services.memory.forget(chat, photo.id)
    # the photo's job may have sent a new one in between
    if (later := await services.outbox.sent_id(target)) and later != caption:
        await services.outbox.delete(chat, later, privacy.caption_forgotten(t))


async def _ask_for_confirmation(context: Context) -> None:
    t = await context.translator()
    if not await context.is_chat_admin():
        await context.reply(privacy.only_admins_forget_all(t))
        return
    user = ANYBODY if context.message.sender_chat else str(context.user_id)
    text = privacy.sure_of_all(t, await context.services.memory.count(context.chat_id))
    await context.reply(text, privacy.forget_all_buttons(t, user))


async def _may_decide(context: Context) -> bool:
    """Whether the user was asked, may still decide, and did so in time. If not, answers the press with the
    reason."""
    t = await context.translator()
    if context.argument not in (ANYBODY, str(context.user_id)):
        await context.answer(privacy.not_asked_of_you(t), alert=True)
    elif not await context.is_chat_admin():
        await context.answer(privacy.only_admins_forget_all(t), alert=True)
    elif context.arrival_us / 1e6 - context.message.date.timestamp() > OPEN_S:
        await context.answer()
        await context.edit_message(privacy.too_late(t))
    else:
        return True
    return False
