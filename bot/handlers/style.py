"""/style: how long a chat's captions are."""

from typing import Final

from telegram import InlineKeyboardMarkup

from bot.access.admins import Members
from bot.i18n.translator import Tongue
from bot.replies import style as said
from bot.replies.groups import admins_only
from bot.replies.keyboards import button, keyboard
from bot.talk import Press, Talk
from bot.transport.outbox import Outbox
from vlm.queue.client import Client

VERB: Final = "style"


class Styles:
    def __init__(self, client: Client, outbox: Outbox, members: Members) -> None:
        self._client = client
        self._outbox = outbox
        self._members = members

    async def command(self, talk: Talk) -> None:
        """Offer the styles, or take the one that was written."""
        _, style = talk.tongue, said.read(talk.tongue, talk.words)
        if talk.words and not await self._members.is_admin(talk):
            await self._outbox.say(talk.place, admins_only(_))
        elif style:
            await self._client.memory.prefer(talk.chat, style=style)
            await self._outbox.say(talk.place, said.chosen(_, style))
        else:
            text = said.unknown(_) if talk.words else said.which(_, talk.wishes.style)
            await self._outbox.say(talk.place, text, _offer(_))

    async def pressed(self, press: Press) -> None:
        """Take the style of a button."""
        if not await self._members.is_admin(press):
            await press.answer(admins_only(press.tongue), alert=True)
            return
        await press.answer()
        _, style = press.tongue, said.read(press.tongue, press.asked)
        if style:
            await self._client.memory.prefer(press.chat, style=style)
            await self._outbox.edit(press.chat, press.message.message_id, said.chosen(_, style), _offer(_))


def _offer(_: Tongue) -> InlineKeyboardMarkup:
    return keyboard([button(said.label(_, style), VERB, style) for style in said.LABELS], len(said.LABELS))
