"""Telegram's limits, kept per chat: a chat that Telegram slows down waits alone.

    bot.state.keys.SLOWED_DOWN   exists until the chat may be sent to again, as Telegram said
    bot.state.keys.SENT_TIMES    when a group's last messages were sent, in ms; kept for a minute

Every call of the Bot API passes here. A call that would come too early is not made: it fails as if Telegram
had said `retry after`, so an answer waits in its chat's queue, and a best-effort call is omitted. All bots of
one Redis server share these limits; their clocks may differ by some milliseconds.

One of a group's messages is reserved for `bot.transport.rate_limit_notice`.

Edits do not count among a group's messages. Not counted here: one message a second in a chat, and thirty a
second in all. Telegram tolerates bursts of both, and answers `retry after` when it does not.
"""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from time import time_ns
from typing import Any, Final

from redis.asyncio import Redis
from telegram.error import RetryAfter
from telegram.ext import BaseRateLimiter

from bot.state import keys
from bot.transport.retry import backoff_s

GROUP_MOST: Final = 20
GROUP_MS: Final = 60_000
RESERVED: Final = 1
SENDING: Final = ("send", "copy", "forward")
SLACK_MS: Final = 50  # added to Telegram's wait: too early would be refused again

# KEYS slowed down, sent times; ARGV now ms, messages (0: none that counts), most, per how many ms, times kept
# Returns ms left to wait: as Telegram said, or below 0 if the group's minute is full.
ADMIT: Final = """
local left = redis.call('PTTL', KEYS[1])
if left > 0 then return left end
local now, count, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if count == 0 then return 0 end
local oldest = redis.call('LINDEX', KEYS[2], math.max(0, most - count))
local free = oldest and tonumber(oldest) + tonumber(ARGV[4]) or 0
if free > now then return now - math.min(free, now + tonumber(ARGV[4])) end -- a clock may be set back
for _ = 1, count do redis.call('LPUSH', KEYS[2], now) end
redis.call('LTRIM', KEYS[2], 0, tonumber(ARGV[5]) - 1)
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return 0
"""

Answer = bool | dict[str, Any] | list[dict[str, Any]]


class GroupLimitReached(RetryAfter):
    """A group has had its messages of this minute. `thread` is the topic of the refused one; 0: none."""

    def __init__(self, wait: timedelta, chat: int, thread: int) -> None:
        super().__init__(wait)
        self.wait, self.chat, self.thread = wait, chat, thread


class RateLimiter(BaseRateLimiter[bool]):
    """A group may be sent `most` messages in `window_ms`; a call with True may take the reserved one."""

    def __init__(self, redis: Redis, *, most: int = GROUP_MOST, window_ms: int = GROUP_MS) -> None:
        self._redis = redis
        self._most = most
        self._window_ms = window_ms
        self._admit_script = redis.register_script(ADMIT)

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to end."""

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Answer]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: bool | None,
    ) -> Answer:
        """Call Telegram. Raises telegram's errors: RetryAfter, with no call, for what comes too early."""
        chat = data.get("chat_id")
        if not isinstance(chat, int):
            return await callback(*args, **kwargs)
        most = self._most if rate_limit_args else self._most - RESERVED
        await self._admit_call(
            chat, _message_count(chat, endpoint, data), most, data.get("message_thread_id") or 0
        )
        try:
            return await callback(*args, **kwargs)
        except RetryAfter as error:
            await self._redis.set(
                keys.SLOWED_DOWN(chat=chat), "", px=int(1000 * backoff_s(error, 0)) + SLACK_MS
            )
            raise

    async def _admit_call(self, chat: int, count: int, most: int, thread: int) -> None:
        """Raises RetryAfter if the chat must not be sent to yet."""
        left_ms = await self._admit_script(
            keys=[keys.SLOWED_DOWN(chat=chat), keys.SENT_TIMES(chat=chat)],
            args=[time_ns() // 1_000_000, min(count, most), most, self._window_ms, self._most],
        )
        if left_ms < 0:
            raise GroupLimitReached(timedelta(milliseconds=-int(left_ms)), chat, thread)
        if left_ms:
            raise RetryAfter(timedelta(milliseconds=int(left_ms)))


def _message_count(chat: int, endpoint: str, data: dict[str, Any]) -> int:
    """How many messages a call sends that count."""
    if chat > 0 or endpoint == "sendChatAction" or not endpoint.startswith(SENDING):
        return 0
    return len(data["media"]) if endpoint == "sendMediaGroup" else 1
