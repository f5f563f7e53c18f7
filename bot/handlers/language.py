"""/lang: in which language the bot speaks to a chat."""

import asyncio
from collections.abc import Sequence
from typing import Final

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update

from bot.context import Context
from bot.i18n import languages
from bot.i18n.translator import CATALOGS, Translator, translator_for
from bot.replies import language
from bot.replies.groups import admins_only
from bot.replies.layout import button, keyboard
from vlm.queue.client import Client
from vlm.text.languages import NAMES, code_of

VERB: Final = "lang"
MORE: Final = "more"  # not a language's code
COLUMNS: Final = 3


async def command(update: Update, context: Context) -> None:
    """Offer languages, or set the one that was written."""
    t, written, buttons = await context.translator(), await _written(context.services.client), None
    if not context.text:
        text, buttons = language.which(t, written), _offer(t, written)
    elif not await context.is_chat_admin():
        text = admins_only(t)
    else:
        text, buttons = await _set_named(context, written)
    await context.reply(text, buttons)


async def choose(update: Update, context: Context) -> None:
    """Set the language on a button, and say so in it. The buttons stay, for another choice."""
    t, tag = await context.translator(), context.argument
    if not await context.is_chat_admin():
        await context.answer(admins_only(t), alert=True)
        return
    await context.answer()
    written = await _written(context.services.client)
    if tag == MORE:
        await context.edit_message(language.more(t), _keyboard(_others(written)))
    elif _is_available(tag, written):
        text = await _set(context, tag, written)
        await context.edit_message(text, _offer(translator_for(tag), written))


async def _set_named(context: Context, written: set[str] | None) -> tuple[str, InlineKeyboardMarkup | None]:
    """Set the language that is meant by a name. What to say, and what to offer instead."""
    t, tag = await context.translator(), await asyncio.to_thread(languages.tag_of, context.text)
    if tag and _is_available(tag, written):
        return await _set(context, tag, written), None
    if tag:
        return language.nobody_speaks(t, tag), _offer(t, written)
    similar = [code for code in languages.similar(context.text) if _is_available(code, written)]
    return language.unknown(t, context.text, similar), _keyboard(similar) if similar else _offer(t, written)


async def _set(context: Context, tag: str, written: set[str] | None) -> str:
    """Set the language. What to say about it."""
    await context.services.memory.prefer(context.chat_id, language=tag)
    await context.services.command_menus.show(context.chat_id, translator_for(tag))
    return language.chosen(translator_for(tag), written)


async def _written(client: Client) -> set[str] | None:
    """The codes of the languages that the models write; None while no worker is there to tell."""
    models = await client.models()
    return {code for model in models for code in model.languages} if models else None


def _is_available(tag: str, written: set[str] | None) -> bool:
    """Whether the interface or a model has the language. While no worker runs, a model may have it."""
    code = code_of(tag)
    return code in CATALOGS or (code in NAMES and (written is None or code in written))


def _offer(t: Translator, written: set[str] | None) -> InlineKeyboardMarkup:
    """The chat's own language first, then those with catalogs."""
    own = [code_of(t.tag)] if _is_available(t.tag, written) else []
    more = [button(language.other_languages(t), VERB, MORE)] if _others(written) else []
    return _keyboard(list(dict.fromkeys([*own, *CATALOGS])), more)


def _others(written: set[str] | None) -> list[str]:
    return sorted((written or set()) - set(CATALOGS), key=languages.own_name)


def _keyboard(codes: Sequence[str], more: Sequence[InlineKeyboardButton] = ()) -> InlineKeyboardMarkup:
    return keyboard([*(button(languages.own_name(code), VERB, code) for code in codes), *more], COLUMNS)
