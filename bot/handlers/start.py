"""/start, /help, and whatever else is answered with one sentence."""

from telegram import Message
from telegram.helpers import effective_message_type

from bot import replies
from bot.outbox import Outbox
from vlm.client import Client


class Start:
    def __init__(self, client: Client, outbox: Outbox) -> None:
        self._client = client
        self._outbox = outbox

    async def start(self, message: Message) -> None:
        await self._say(message, replies.start(await self._client.models()))

    async def help(self, message: Message) -> None:
        await self._say(message, replies.help(await self._client.models()))

    async def group(self, message: Message) -> None:
        await self._say(message, replies.private_only())

    async def unknown_command(self, message: Message) -> None:
        await self._say(message, replies.unknown_command())

    async def unsupported(self, message: Message) -> None:
        await self._say(message, replies.unsupported(effective_message_type(message) or ""))

    async def _say(self, message: Message, text: str) -> None:
        await self._outbox.say(message.chat_id, message.message_id, text)
