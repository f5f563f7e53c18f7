"""/start, /help, and messages and buttons that the bot cannot use."""

import importlib.resources
from collections.abc import Sequence
from typing import Any, Final

from telegram import Message, Update
from telegram.helpers import effective_message_type

from bot.context import Context
from bot.handlers.inline import START_PARAMETER
from bot.handlers.photos import caption_photo
from bot.replies import find
from bot.replies import start as replies
from bot.replies.layout import button, keyboard
from bot.state.reply_target import SamplePhoto
from bot.transport.telegram_files import has_picture

VERB: Final = "try"
SAMPLE: Final = importlib.resources.files("vlm") / "assets" / "samples" / "picnic.jpg"


async def start(update: Update, context: Context) -> None:
    """Say hello, with a photo to try at once. A chat gets the photo once a week at most.

    The button over inline results adds a parameter: then the reply is that of /find.
    """
    services, t = context.services, await context.translator()
    if context.text == START_PARAMETER:
        await context.reply(find.how(t))
        return
    await context.reply(replies.start(t, await services.client.models()))
    await _show_menu(context)

    async def send(address: dict[str, Any]) -> Sequence[Message]:
        buttons = keyboard([button(replies.try_it(t), VERB)])
        return [await services.bot.send_photo(photo=SAMPLE.read_bytes(), reply_markup=buttons, **address)]

    await services.outbox.send_once(context.target.with_key(SamplePhoto()), send)


async def try_sample(update: Update, context: Context) -> None:
    """Caption the sample as if the user had sent it."""
    if not has_picture(context.message):  # a forged button
        await old_button(update, context)
        return
    await context.answer()
    await caption_photo(context, context.message)


async def help(update: Update, context: Context) -> None:
    """In a private chat."""
    is_bot_admin, models = await _show_menu(context), await context.services.client.models()
    await context.reply(replies.help(await context.translator(), models, is_bot_admin=is_bot_admin))


async def group_help(update: Update, context: Context) -> None:
    models = await context.services.client.models()
    await context.reply(replies.group_help(await context.translator(), models))


async def unknown_command(update: Update, context: Context) -> None:
    typed = (context.message.text or "").split()[0].lstrip("/").partition("@")[0]
    await context.reply(replies.unknown_command(await context.translator(), typed))


async def unsupported(update: Update, context: Context) -> None:
    kind = effective_message_type(context.message) or ""
    await context.reply(replies.unsupported(await context.translator(), kind))


async def old_button(update: Update, context: Context) -> None:
    """A button of an older version, or a forged one."""
    await context.answer(replies.old_button(await context.translator()))


async def _show_menu(context: Context) -> bool:
    """Whether this is a private chat of a bot admin: these get a menu of their own."""
    menus = context.services.command_menus
    is_bot_admin = context.chat_id in menus.bot_admins
    if is_bot_admin:
        await menus.show(context.chat_id, await context.translator())
    return is_bot_admin
