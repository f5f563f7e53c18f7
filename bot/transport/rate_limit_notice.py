"""A group that had as many messages in a minute as Telegram allows is told that its other answers come later:
by one line, for which `bot.transport.rate_limiter` keeps room, and which goes when they are there.

    waits:{CHAT}    the id of that line; '' while it is being sent

Not handled: a process that is killed between sending the line and noting its id; then it stays.
"""

import logging
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.replies.waiting import minute_full
from bot.talk import Talks
from bot.transport.rate_limiter import GROUP_MOST, GroupLimitReached

log = logging.getLogger(__name__)

LEAST_S: Final = 5.0  # what is shorter needs no line
TTL_S: Final = 600  # after the last answer that had to wait


class RateLimitNotice:
    """A courtesy: its failures are nobody's concern."""

    def __init__(self, bot: ExtBot[bool], redis: Redis, talks: Talks) -> None:
        self._bot = bot
        self._redis = redis
        self._talks = talks

    async def tell(self, error: Exception) -> int | None:
        """Say that answers come later, unless the chat says so already. The chat; None for another error."""
        if not isinstance(error, GroupLimitReached):
            return None
        if error.wait.total_seconds() >= LEAST_S:
            await self._tell(error)
        return error.chat

    async def over(self, chat: int) -> None:
        """Nothing waits any more: the line goes."""
        try:
            if line := await self._redis.getdel(_key(chat)):
                await self._bot.delete_message(chat, int(line))
        except (TelegramError, RedisError) as error:
            log.info("chat %d keeps a line about waiting: %s", chat, error)

    async def _tell(self, full: GroupLimitReached) -> None:
        try:
            if await self._redis.set(_key(full.chat), "", nx=True, ex=TTL_S):
                await self._say(full)
            else:
                await self._redis.expire(_key(full.chat), TTL_S)
        except (TelegramError, RedisError) as error:
            log.info("chat %d is not told that it must wait: %s", full.chat, error)

    async def _say(self, full: GroupLimitReached) -> None:
        try:
            sent = await self._bot.send_message(
                full.chat,
                minute_full(await self._talks.translator(full.chat), GROUP_MOST),
                message_thread_id=full.thread or None,
                disable_notification=True,
                rate_limit_args=True,
            )
        except TelegramError:
            await self._redis.delete(_key(full.chat))
            raise
        noted = await self._redis.set(_key(full.chat), sent.message_id, ex=TTL_S, xx=True)
        if not noted:  # it is over already
            await self._bot.delete_message(full.chat, sent.message_id)


def _key(chat: int) -> str:
    return f"waits:{{{chat}}}"
