"""/style: how long a chat's captions are."""

from typing import Final

from telegram import InlineKeyboardMarkup, Update

from bot.context import Context
from bot.i18n.translator import Translator
from bot.replies import style
from bot.replies.groups import admins_only
from bot.replies.layout import button, keyboard

VERB: Final = "style"


async def command(update: Update, context: Context) -> None:
    """Offer the styles, or set the one that was written."""
    t, chosen = await context.translator(), style.parse(await context.translator(), context.text)
    if context.text and not await context.is_chat_admin():
        await context.reply(admins_only(t))
    elif chosen:
        await context.services.memory.prefer(context.chat_id, style=chosen)
        await context.reply(style.chosen(t, chosen))
    else:
        current = (await context.preferences()).style
        await context.reply(style.unknown(t) if context.text else style.which(t, current), _buttons(t))


async def choose(update: Update, context: Context) -> None:
    """Set the style on a button."""
    t = await context.translator()
    if not await context.is_chat_admin():
        await context.answer(admins_only(t), alert=True)
        return
    await context.answer()
    if chosen := style.parse(t, context.argument):
        await context.services.memory.prefer(context.chat_id, style=chosen)
        await context.edit_message(style.chosen(t, chosen), _buttons(t))


def _buttons(t: Translator) -> InlineKeyboardMarkup:
    return keyboard([button(style.label(t, name), VERB, name) for name in style.LABELS], len(style.LABELS))
