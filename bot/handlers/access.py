"""/invite: the owner and the admins let people in."""

from telegram.helpers import create_deep_linked_url

from bot.guests import INVITATION_DAYS, Guests
from bot.outbox import Outbox
from bot.replies import access as said
from bot.talk import Talk


class Access:
    def __init__(self, guests: Guests, outbox: Outbox) -> None:
        self._guests = guests
        self._outbox = outbox

    async def invite(self, talk: Talk) -> None:
        """A link that lets in one person. Asked for again by the same message, nothing happens."""
        if await self._outbox.said(talk.place):
            return
        match self._guests.access:
            case _ if not self._guests.is_host(talk.person):
                reply = said.hosts_only(talk.tongue)
            case "open":
                reply = said.open_to_all(talk.tongue)
            case "list":
                reply = said.by_list(talk.tongue)
            case _ if talk.chat != talk.person:
                reply = said.in_private(talk.tongue)
            case _:
                reply = await self._invitation(talk)
        await self._outbox.say(talk.place, reply)

    async def _invitation(self, talk: Talk) -> str:
        link = create_deep_linked_url(talk.message.get_bot().username, await self._guests.invite())
        return said.invitation(talk.tongue, link, INVITATION_DAYS)
