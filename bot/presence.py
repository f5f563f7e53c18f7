"""'… is typing', for as long as a chat's job is open."""

import asyncio
import contextlib
from typing import Final

from redis.exceptions import RedisError
from telegram import Bot
from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot.tasks import end
from vlm.client import Client

SHOWN_S: Final = 4.5  # Telegram shows it for five seconds, or until the next message
LONGEST_S: Final = 120.0


class Presence:
    """A courtesy: its failures are nobody's concern."""

    def __init__(self, bot: Bot, client: Client) -> None:
        self._bot = bot
        self._client = client
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def start(self, chat: int, job: str) -> None:
        """Show it now, and again and again until `job` has ended. Returns at once."""
        if chat not in self._tasks:
            self._tasks[chat] = asyncio.create_task(self._show(chat, job))
            self._tasks[chat].add_done_callback(lambda _: self._tasks.pop(chat))

    async def stop(self) -> None:
        """End all of it."""
        await end(*self._tasks.values())

    async def _show(self, chat: int, job: str) -> None:
        with contextlib.suppress(TelegramError, RedisError, TimeoutError):
            async with asyncio.timeout(LONGEST_S):
                await self._bot.send_chat_action(chat, ChatAction.TYPING)
                await asyncio.sleep(SHOWN_S)
                while await self._client.position(job) is not None:
                    await self._bot.send_chat_action(chat, ChatAction.TYPING)
                    await asyncio.sleep(SHOWN_S)
