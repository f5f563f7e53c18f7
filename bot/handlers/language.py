"""/lang: which language a chat is spoken to in."""

import asyncio
from collections.abc import Sequence
from typing import Final

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.access.admins import ChatAdmins
from bot.i18n import languages
from bot.i18n.translator import CATALOGS, Translator, translator_for
from bot.replies import language as said
from bot.replies.groups import admins_only
from bot.replies.keyboards import button, keyboard
from bot.talk import Press, Talk
from bot.transport.command_menus import CommandMenus
from bot.transport.outbox import Outbox
from vlm.queue.client import Client
from vlm.text.languages import NAMES, code_of

VERB: Final = "lang"
MORE: Final = "more"  # no language is called so
ACROSS: Final = 3


class Languages:
    def __init__(self, client: Client, outbox: Outbox, members: ChatAdmins, menus: CommandMenus) -> None:
        self._client = client
        self._outbox = outbox
        self._members = members
        self._menus = menus

    async def command(self, talk: Talk) -> None:
        """Offer languages, or take the one that was written."""
        written, buttons = await self._written(), None
        if not talk.words:
            text, buttons = said.which(talk.t, written), _offer(talk.t, written)
        elif not await self._members.is_admin(talk):
            text = admins_only(talk.t)
        else:
            text, buttons = await self._take(talk, written)
        await self._outbox.say(talk.place, text, buttons)

    async def _take(self, talk: Talk, written: set[str] | None) -> tuple[str, InlineKeyboardMarkup | None]:
        """Choose the language that is meant; what to say, and what to offer instead."""
        t, tag = talk.t, await asyncio.to_thread(languages.read, talk.words)
        if tag and _spoken(tag, written):
            return await self._choose(talk.chat, tag, written), None
        if tag:
            return said.nobody_speaks(t, tag), _offer(t, written)
        near = [code for code in languages.near(talk.words) if _spoken(code, written)]
        return said.unknown(t, talk.words, near), _keyboard(near) if near else _offer(t, written)

    async def pressed(self, press: Press) -> None:
        """Take the language of a button, and say so in it; the buttons stay, to think better of it."""
        if not await self._members.is_admin(press):
            await press.answer(admins_only(press.t), alert=True)
            return
        await press.answer()
        written = await self._written()
        if press.asked == MORE:
            text, buttons = said.more(press.t), _keyboard(_others(written))
        elif _spoken(press.asked, written):
            text = await self._choose(press.chat, press.asked, written)
            buttons = _offer(translator_for(press.asked), written)
        else:  # a forged one
            return
        await self._outbox.edit(press.chat, press.message.message_id, text, buttons)

    async def _choose(self, chat: int, tag: str, written: set[str] | None) -> str:
        """Keep the choice; what to say about it."""
        await self._client.memory.prefer(chat, language=tag)
        await self._menus.show(chat, translator_for(tag))
        return said.chosen(translator_for(tag), written)

    async def _written(self) -> set[str] | None:
        """The codes that the models write; None while no worker is there to tell."""
        models = await self._client.models()
        return {code for model in models for code in model.languages} if models else None


def _spoken(tag: str, written: set[str] | None) -> bool:
    """Whether anybody here speaks it; what a model would write is believed until one is there."""
    code = code_of(tag)
    return code in CATALOGS or (code in NAMES and (written is None or code in written))


def _offer(t: Translator, written: set[str] | None) -> InlineKeyboardMarkup:
    """The chat's own language first, then those with catalogs."""
    codes = dict.fromkeys([*([code_of(t.tag)] if _spoken(t.tag, written) else []), *CATALOGS])
    more = [button(said.other_languages(t), VERB, MORE)] if _others(written) else []
    return _keyboard(list(codes), more)


def _others(written: set[str] | None) -> list[str]:
    return sorted((written or set()) - set(CATALOGS), key=languages.own_name)


def _keyboard(codes: Sequence[str], more: Sequence[InlineKeyboardButton] = ()) -> InlineKeyboardMarkup:
    return keyboard([*(button(languages.own_name(code), VERB, code) for code in codes), *more], ACROSS)
