"""/lang: the language that the bot uses in a chat."""

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
    """Offer languages, or set the named language."""
    t, model_languages, buttons = (
        await context.translator(),
        await _model_languages(context.services.client),
        None,
    )
    if not context.text:
        text, buttons = language.which(t, model_languages), _offer(t, model_languages)
    elif not await context.is_chat_admin():
        text = admins_only(t)
    else:
        text, buttons = await _set_named(context, model_languages)
    await context.reply(text, buttons)


async def choose(update: Update, context: Context) -> None:
    """Set the language on a button, and say so in it. The buttons stay, for another choice."""
    t, tag = await context.translator(), context.argument
    if not await context.is_chat_admin():
        await context.answer(admins_only(t), alert=True)
        return
    await context.answer()
    model_languages = await _model_languages(context.services.client)
    if tag == MORE:
        await context.edit_message(language.more(t), _keyboard(_others(model_languages)))
    elif _is_available(tag, model_languages):
        text = await _set(context, tag, model_languages)
        await context.edit_message(text, _offer(translator_for(tag), model_languages))


async def _set_named(
    context: Context, model_languages: set[str] | None
) -> tuple[str, InlineKeyboardMarkup | None]:
    """Set the language that the user named. Returns the reply, and buttons if there is none of that name."""
    t, tag = await context.translator(), await asyncio.to_thread(languages.tag_of, context.text)
    if tag and _is_available(tag, model_languages):
        return await _set(context, tag, model_languages), None
    if tag:
        return language.not_supported(t, tag), _offer(t, model_languages)
    similar = [code for code in languages.similar(context.text) if _is_available(code, model_languages)]
    return language.unknown(t, context.text, similar), _keyboard(similar) if similar else _offer(
        t, model_languages
    )


async def _set(context: Context, tag: str, model_languages: set[str] | None) -> str:
    """Set the language. Returns the confirmation."""
    await context.services.memory.prefer(context.chat_id, language=tag)
    await context.services.command_menus.show(context.chat_id, translator_for(tag))
    return language.chosen(translator_for(tag), model_languages)


async def _model_languages(client: Client) -> set[str] | None:
    """The codes of the languages that the models write; None while no worker runs."""
    models = await client.models()
    return {code for model in models for code in model.languages} if models else None


def _is_available(tag: str, model_languages: set[str] | None) -> bool:
    """Whether the interface or a model has the language. While no worker runs, any model may."""
    code = code_of(tag)
    return code in CATALOGS or (code in NAMES and (model_languages is None or code in model_languages))


def _offer(t: Translator, model_languages: set[str] | None) -> InlineKeyboardMarkup:
    """The chat's own language first, then those with catalogs."""
    own = [code_of(t.tag)] if _is_available(t.tag, model_languages) else []
    more = [button(language.other_languages(t), VERB, MORE)] if _others(model_languages) else []
    return _keyboard(list(dict.fromkeys([*own, *CATALOGS])), more)


def _others(model_languages: set[str] | None) -> list[str]:
    return sorted((model_languages or set()) - set(CATALOGS), key=languages.own_name)


def _keyboard(codes: Sequence[str], more: Sequence[InlineKeyboardButton] = ()) -> InlineKeyboardMarkup:
    return keyboard([*(button(languages.own_name(code), VERB, code) for code in codes), *more], COLUMNS)
