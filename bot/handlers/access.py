"""/invite and /revoke: the owner and the admins let people in, and out again."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from telegram import Bot
from telegram.error import TelegramError
from telegram.helpers import create_deep_linked_url

from bot.access.access_control import DOOR
from bot.access.allowlist import INVITATION_DAYS, Allowlist
from bot.replies import access as said
from bot.state.reply_target import Place
from bot.talk import Talk
from bot.transport.outbox import Outbox

MOST: Final = 50  # guests in one list
DIGITS: Final = 16  # no id of Telegram's has so many


class Access:
    def __init__(self, guests: Allowlist, outbox: Outbox) -> None:
        self._guests = guests
        self._outbox = outbox

    async def invite(self, talk: Talk) -> None:
        """A link that lets in one person. Asked for again by the same message, nothing happens."""
        await self._of_host(talk, self._invitation)

    async def revoke(self, talk: Talk) -> None:
        """Take back what an invitation gave: /revoke NUMBER; without one, who has come by them."""
        await self._of_host(talk, self._revoked if talk.words else self._listed)

    async def _of_host(self, talk: Talk, reply_to: Callable[[Talk], Awaitable[str]]) -> None:
        if await self._outbox.said(talk.place):
            return
        match self._guests.access:
            case _ if not self._guests.is_bot_admin(talk.person):
                reply = said.hosts_only(talk.t)
            case "open":
                reply = said.open_to_all(talk.t)
            case "list":
                reply = said.by_list(talk.t)
            case _ if talk.chat != talk.person:
                reply = said.in_private(talk.t)
            case _:
                reply = await reply_to(talk)
        await self._outbox.say(talk.place, reply)

    async def _invitation(self, talk: Talk) -> str:
        link = create_deep_linked_url(talk.message.get_bot().username, await self._guests.invite())
        return said.invitation(talk.t, link, INVITATION_DAYS)

    async def _listed(self, talk: Talk) -> str:
        guests = (await self._guests.all())[:MOST]
        names = await asyncio.gather(*(_name(talk.message.get_bot(), guest) for guest in guests))
        return said.guests(talk.t, dict(zip(guests, names, strict=True)))

    async def _revoked(self, talk: Talk) -> str:
        """Their number is let in no longer. They hear what any stranger does, even if they did before."""
        number = talk.words.removeprefix("-")
        guest = int(talk.words) if number.isascii() and number.isdecimal() and len(number) < DIGITS else 0
        if self._guests.is_listed(guest):
            return said.by_settings(talk.t, guest)
        if not await self._guests.revoke(guest):
            return said.no_guest(talk.t, talk.words)
        await self._outbox.unsay(Place(guest, DOOR, 0))
        return said.revoked(talk.t, await _name(talk.message.get_bot(), guest) or str(guest))


async def _name(bot: Bot, guest: int) -> str:
    """What Telegram calls a person or a group now; we keep no names of guests. '': it does not say."""
    try:
        chat = await bot.get_chat(guest)
    except TelegramError:
        return ""
    return chat.effective_name or ""
