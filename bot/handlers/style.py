"""/style: how long a chat's captions are."""

from typing import Final

from telegram import InlineKeyboardMarkup

from bot.access.admins import ChatAdmins
from bot.i18n.translator import Translator
from bot.replies import style as said
from bot.replies.groups import admins_only
from bot.replies.keyboards import button, keyboard
from bot.talk import Press, Talk
from bot.transport.outbox import Outbox
from vlm.queue.client import Client

VERB: Final = "style"


class Styles:
    def __init__(self, client: Client, outbox: Outbox, members: ChatAdmins) -> None:
        self._client = client
        self._outbox = outbox
        self._members = members

    async def command(self, talk: Talk) -> None:
        """Offer the styles, or take the one that was written."""
        t, style = talk.t, said.read(talk.t, talk.words)
        if talk.words and not await self._members.is_admin(talk):
            await self._outbox.say(talk.place, admins_only(t))
        elif style:
            await self._client.memory.prefer(talk.chat, style=style)
            await self._outbox.say(talk.place, said.chosen(t, style))
        else:
            text = said.unknown(t) if talk.words else said.which(t, talk.wishes.style)
            await self._outbox.say(talk.place, text, _offer(t))

    async def pressed(self, press: Press) -> None:
        """Take the style of a button."""
        if not await self._members.is_admin(press):
            await press.answer(admins_only(press.t), alert=True)
            return
        await press.answer()
        t, style = press.t, said.read(press.t, press.asked)
        if style:
            await self._client.memory.prefer(press.chat, style=style)
            await self._outbox.edit(press.chat, press.message.message_id, said.chosen(t, style), _offer(t))


def _offer(t: Translator) -> InlineKeyboardMarkup:
    return keyboard([button(said.label(t, style), VERB, style) for style in said.LABELS], len(said.LABELS))
