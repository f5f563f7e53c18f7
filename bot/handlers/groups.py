"""Groups only: joining, /auto, a message that is only a mention, and migration."""

from typing import Final

from telegram import Update

from bot.access.admins import has_joined
from bot.context import Context
from bot.handlers.photos import caption_photo
from bot.replies import groups
from bot.state.reply_target import GroupJoined, ReplyTarget
from bot.transport.telegram_files import has_picture

SWITCH: Final = {"on": True, "off": False}


async def auto(update: Update, context: Context) -> None:
    """/auto on|off: whether every photo of a group is captioned, or only when the bot is asked to."""
    enabled, t = SWITCH.get(context.text.lower()), await context.translator()
    if context.chat_id > 0:
        await context.reply(groups.auto_in_private(t))
    elif enabled is None:
        await context.reply(groups.auto_is(t, (await context.preferences()).auto))
    elif not await context.is_chat_admin():
        await context.reply(groups.admins_only(t))
    else:
        await context.services.memory.prefer(context.chat_id, auto=enabled)
        await context.reply(groups.auto_set(t, enabled))


async def receive_mention(update: Update, context: Context) -> None:
    """A mention and nothing else: caption the photo that it replies to, or explain mentions."""
    target = context.replied_message
    if target and has_picture(target):
        await caption_photo(context, target)
    else:
        await context.reply(groups.how_to_call(await context.translator(), context.bot.username))


async def joined(update: Update, context: Context) -> None:
    """Say hello when the bot was added to a group."""
    change = update.my_chat_member
    if change and has_joined(change):
        await context.services.allowlist.add_group(change.chat.id)
        target = ReplyTarget(change.chat.id, GroupJoined(round(change.date.timestamp())))
        text = groups.hello(await context.translator(), context.bot.username)
        await context.services.outbox.send(target, text)


async def migrated(update: Update, context: Context) -> None:
    """A group has become a supergroup: another chat to Telegram. The news comes in both chats."""
    message = context.message
    old = message.migrate_from_chat_id or message.chat_id
    new = message.migrate_to_chat_id or message.chat_id
    await context.services.memory.migrate(old, new)
    await context.services.allowlist.migrate(old, new)
