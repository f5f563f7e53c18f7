"""Tells a group that has reached Telegram's limit of messages per minute that more answers come later.

The rate limiter keeps room for that one message, which is deleted when the answers are there.
`bot.state.keys.RATE_LIMIT_NOTICE` is the message's id; '' while it is being sent.

Not covered: a process that is killed after sending the message and before noting its id; then it stays.
"""

import logging
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.i18n.translator import chat_translator
from bot.replies.status import rate_limited
from bot.state import keys
from bot.transport.rate_limiter import GROUP_MOST, GroupLimitReached
from vlm.memory import Memory

log = logging.getLogger(__name__)

MIN_WAIT_S: Final = 5.0  # a shorter wait is not announced
TTL_S: Final = 600  # after the last answer that had to wait


class RateLimitNotice:
    """Best effort: errors are logged and ignored."""

    def __init__(self, bot: ExtBot[bool], redis: Redis, memory: Memory) -> None:
        self._bot = bot
        self._redis = redis
        self._memory = memory

    async def show(self, error: Exception) -> int | None:
        """Say that answers come later, unless the message is there. The chat; None for another error."""
        if not isinstance(error, GroupLimitReached):
            return None
        if error.wait.total_seconds() >= MIN_WAIT_S:
            await self._show_once(error, keys.RATE_LIMIT_NOTICE(chat=error.chat))
        return error.chat

    async def remove(self, chat: int) -> None:
        """Delete the message: no answer is waiting."""
        try:
            if message := await self._redis.getdel(keys.RATE_LIMIT_NOTICE(chat=chat)):
                await self._bot.delete_message(chat, int(message))
        except (TelegramError, RedisError) as error:
            log.info("chat %d keeps its rate limit notice: %s", chat, error)

    async def _show_once(self, limit: GroupLimitReached, key: str) -> None:
        try:
            if await self._redis.set(key, "", nx=True, ex=TTL_S):
                await self._send(limit, key)
            else:
                await self._redis.expire(key, TTL_S)
        except (TelegramError, RedisError) as error:
            log.info("chat %d gets no rate limit notice: %s", limit.chat, error)

    async def _send(self, limit: GroupLimitReached, key: str) -> None:
        try:
            message = await self._bot.send_message(
                limit.chat,
                rate_limited(await chat_translator(self._memory, limit.chat), GROUP_MOST),
                message_thread_id=limit.thread or None,
                disable_notification=True,
                rate_limit_args=True,
            )
        except TelegramError:
            await self._redis.delete(key)
            raise
        noted = await self._redis.set(key, message.message_id, ex=TTL_S, xx=True)
        if not noted:  # removed meanwhile: no answer is waiting
            await self._bot.delete_message(limit.chat, message.message_id)
