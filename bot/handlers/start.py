"""/start, /help, and whatever else is answered with one sentence."""

from telegram.helpers import effective_message_type

from bot.outbox import Outbox
from bot.replies import start as said
from bot.talk import Press, Talk
from vlm.client import Client


class Start:
    def __init__(self, client: Client, outbox: Outbox) -> None:
        self._client = client
        self._outbox = outbox

    async def start(self, talk: Talk) -> None:
        await self._outbox.say(talk.place, said.start(talk.tongue, await self._client.models()))

    async def help(self, talk: Talk) -> None:
        await self._outbox.say(talk.place, said.help(talk.tongue, await self._client.models()))

    async def group(self, talk: Talk) -> None:
        await self._outbox.say(talk.place, said.private_only(talk.tongue))

    async def unknown_command(self, talk: Talk) -> None:
        await self._outbox.say(talk.place, said.unknown_command(talk.tongue))

    async def unsupported(self, talk: Talk) -> None:
        kind = effective_message_type(talk.message) or ""
        await self._outbox.say(talk.place, said.unsupported(talk.tongue, kind))

    async def old_button(self, press: Press) -> None:
        await press.query.answer(said.old_button(press.tongue))
