"""/invite, /revoke and /stats: for the bot's owner and its admins."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from msgspec.structs import asdict
from telegram import Bot, Update
from telegram.error import TelegramError
from telegram.helpers import create_deep_linked_url

from bot.access.allowlist import INVITATION_DAYS
from bot.context import Context
from bot.replies import admin
from bot.state.job_stats import HOURS, summarize
from bot.state.reply_target import AccessRefusal, ReplyTarget

MAX_LISTED: Final = 50
MAX_DIGITS: Final = 16  # no id of Telegram's has so many


async def invite(update: Update, context: Context) -> None:
    """A link that lets in one person. Handled again for the same message, nothing happens."""
    await _reply_to_bot_admin(context, _invitation)


async def revoke(update: Update, context: Context) -> None:
    """Take back what an invitation gave: /revoke NUMBER. Without one, list who came by an invitation."""
    await _reply_to_bot_admin(context, _revocation if context.text else _invited)


async def stats(update: Update, context: Context) -> None:
    """The queue, the workers, how long jobs take, how many photos are remembered, and what failed."""
    t = await context.translator()
    if not context.services.allowlist.is_bot_admin(context.user_id):
        await context.reply(admin.bot_admins_only(t))
    elif context.chat_id != context.user_id:
        await context.reply(admin.only_in_private(t))
    else:
        await context.reply(await _numbers(context))


async def _reply_to_bot_admin(context: Context, make_reply: Callable[[Context], Awaitable[str]]) -> None:
    if await context.services.outbox.sent_id(context.target):
        return
    allowlist, t = context.services.allowlist, await context.translator()
    match allowlist.access:
        case _ if not allowlist.is_bot_admin(context.user_id):
            reply = admin.bot_admins_only(t)
        case "open":
            reply = admin.open_to_all(t)
        case "list":
            reply = admin.closed_by_settings(t)
        case _ if context.chat_id != context.user_id:
            reply = admin.only_in_private(t)
        case _:
            reply = await make_reply(context)
    await context.reply(reply)


async def _invitation(context: Context) -> str:
    link = create_deep_linked_url(context.bot.username, await context.services.allowlist.invite())
    return admin.invitation(await context.translator(), link, INVITATION_DAYS)


async def _invited(context: Context) -> str:
    ids = (await context.services.allowlist.invited())[:MAX_LISTED]
    names = await asyncio.gather(*(_name(context.bot, id) for id in ids))
    return admin.invited(await context.translator(), dict(zip(ids, names, strict=True)))


async def _revocation(context: Context) -> str:
    """Revoke access. The user is told so on the next message, as all users without access are."""
    allowlist, t = context.services.allowlist, await context.translator()
    digits = context.text.removeprefix("-")
    is_id = digits.isascii() and digits.isdecimal() and len(digits) < MAX_DIGITS
    id = int(context.text) if is_id else 0
    if allowlist.is_listed(id):
        return admin.allowed_by_settings(t, id)
    if not await allowlist.revoke(id):
        return admin.not_invited(t, context.text)
    await context.services.outbox.forget_sent(ReplyTarget(id, AccessRefusal()))
    return admin.revoked(t, await _name(context.bot, id) or str(id))


async def _name(bot: Bot, id: int) -> str:
    """Telegram's name of a person or group; '' if it does not say. The bot does not store such names."""
    try:
        chat = await bot.get_chat(id)
    except TelegramError:
        return ""
    return chat.effective_name or ""


async def _numbers(context: Context) -> str:
    services, t = context.services, await context.translator()
    photos, chats = await services.memory.totals()
    paragraphs = [
        admin.queue(t, await services.client.open_jobs()),
        admin.workers(t, await services.client.models()),
        admin.jobs(t, hours=HOURS, **asdict(summarize(await services.job_stats.recent()))),
        admin.remembered(t, photos, chats),
    ]
    return "\n\n".join(paragraphs)
