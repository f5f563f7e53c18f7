"""The one door, before every handler: messages, buttons, inline queries and groups come in by it, or not.

Whoever may not come in is told so once, in the language of their app; then there is silence. Nothing of
theirs is kept but the id of that line, for a week. Who was shut out may still read what is kept of them, and
have it forgotten.
"""

from collections.abc import Awaitable
from contextlib import suppress
from typing import Final

from telegram import CallbackQuery, ChatMemberUpdated, InlineQuery, Message, Update, User
from telegram.constants import ChatType
from telegram.error import BadRequest
from telegram.ext import ApplicationHandlerStop
from telegram.ext.filters import StatusUpdate

from bot.access.addressing import command_of, words
from bot.access.admins import came_in
from bot.access.allowlist import Allowlist
from bot.handlers.privacy import FORGET_ALL, KEEP_ALL
from bot.i18n.translator import Translator, translator_for
from bot.replies import access as said
from bot.state.reply_target import Place, place_of
from bot.transport.outbox import Outbox
from vlm.memory import Memory

DOOR: Final = "door"  # the cause of the one line
OWN: Final = ("forget", "privacy")  # commands about one's own photos


class AccessControl:
    def __init__(self, guests: Allowlist, memory: Memory, outbox: Outbox) -> None:
        self._guests = guests
        self._memory = memory
        self._outbox = outbox

    async def check(self, update: Update, context: object) -> None:
        """Raises ApplicationHandlerStop for who may not come in."""
        if await self._guests.admits(*_who(update)) or await self._is_about_own(update):
            return
        match update:
            case Update(message=Message() as message):
                if await self._brings_invitation(message):
                    return
                if not StatusUpdate.ALL.check_update(update):
                    await self._refuse(message)
            case Update(my_chat_member=ChatMemberUpdated() as change) if came_in(change):
                t, place = _translator_of(change.from_user), Place(change.chat.id, DOOR, 0)
                await self._once(place, said.closed_to_group(t, change.chat.id))
            case Update(callback_query=CallbackQuery() as query):
                await _quietly(query.answer(said.closed(_translator_of(query.from_user))))
            case Update(inline_query=InlineQuery() as query):
                await _quietly(query.answer([], is_personal=True))
        raise ApplicationHandlerStop

    async def _brings_invitation(self, message: Message) -> bool:
        word, person = _word(message), message.from_user
        return bool(word and person and await self._guests.redeem(word, person.id))

    async def _is_about_own(self, update: Update) -> bool:
        """Whether somebody asks, in private, about photos that are still kept of them."""
        match update:
            case Update(message=Message() as message):
                is_own = command_of(message).partition("@")[0] in OWN
            case Update(callback_query=CallbackQuery(data=str() as data)):
                is_own = data.partition(":")[0] in (FORGET_ALL, KEEP_ALL)
            case _:
                return False
        chat = update.effective_chat
        if not is_own or chat is None or chat.type != ChatType.PRIVATE:
            return False
        return await self._memory.count(chat.id) > 0

    async def _refuse(self, message: Message) -> None:
        t, place = _translator_of(message.from_user), place_of(message)
        if message.chat.type != ChatType.PRIVATE:
            await self._once(place.because(DOOR), said.closed_to_group(t, message.chat_id))
        elif _word(message):
            await self._once(place.because("used"), said.invitation_over(t))
        elif message.from_user:
            await self._once(place.because(DOOR), said.closed_to_person(t, message.from_user.id))

    async def _once(self, place: Place, line: str) -> None:
        if not await self._outbox.said(place):
            await self._outbox.say(place, line)


def _who(update: Update) -> list[int]:
    """Any of whom may open the door. A group that has just moved is known by its old id."""
    message = update.message
    former_id = message.migrate_from_chat_id if message else None
    user, chat = update.effective_user, update.effective_chat
    return [user.id if user else 0, chat.id if chat else 0, former_id or 0]


def _word(message: Message) -> str:
    """What a deep link has brought along: '/start WORD'."""
    return words(message) if command_of(message) == "start" else ""


def _translator_of(person: User | None) -> Translator:
    """The language of somebody's app: they have no chat with us that has one of its own."""
    return translator_for((person.language_code or "") if person else "")


async def _quietly(answer: Awaitable[bool]) -> None:
    with suppress(BadRequest):  # it is too old, or answered
        await answer
