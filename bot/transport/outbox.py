"""The bot's messages, sent so that sending again has no effect: a placeholder is edited into its answer.

Each message answers one `ReplyTarget`. `bot.state.keys.SENT_MESSAGES` is a hash: the target's idempotency key
-> the id of the bot's message; '' while the id is unknown. Above MAX_MESSAGES, the older half is dropped.
`bot.state.keys.EDITING` exists while a placeholder is edited. Texts are cut to Telegram's limit.

A placeholder is sent *at most* once, an answer *at least* once. Sending an answer again edits the same
message into the same text, which Telegram refuses as "not modified": the user sees it once.

A group that became a supergroup is another chat: pending replies are sent there, as new messages.

Not covered: a process that is killed after Telegram sent a message and before its id was recorded. A
placeholder then stays as it is, and the answer is a message of its own; an answer without a placeholder may
be sent twice. Telegram offers no way to ask what was sent.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from zlib import crc32

from redis.asyncio import Redis
from telegram import Bot, InlineKeyboardMarkup, Message, ReplyParameters
from telegram.error import BadRequest, ChatMigrated

from bot.replies.layout import truncate
from bot.state import keys
from bot.state.reply_target import ReplyTarget
from bot.transport.retry import is_transient
from vlm.memory import Memory
from vlm.queue.connection import retry_while_unavailable

TTL_S: Final = 7 * 24 * 3600
MAX_MESSAGES: Final = 2000  # recorded for each chat
EDITING_S: Final = 10.0

UNCHANGED: Final = "message is not modified"
GONE: Final = ("message to edit not found", "message can't be edited", "message_id_invalid")

SendMessages = Callable[[dict[str, Any]], Awaitable[Sequence[Message]]]


class Outbox:
    def __init__(self, bot: Bot, redis: Redis, memory: Memory) -> None:
        self._bot = bot
        self._redis = redis
        self._memory = memory

    async def send_placeholder(self, target: ReplyTarget, text: str) -> int | None:
        """Send a placeholder, unless something was sent already. The message's id, if it is known.

        If Telegram is unavailable, the placeholder is omitted.
        """
        if not await self._redis.hsetnx(_sent_key(target.chat), target.idempotency_key, ""):
            return await self.sent_id(target)
        try:
            return await self._send_new(target, text, None)
        except ChatMigrated as moved:
            return await self.send_placeholder(await self._migrated(target, moved.new_chat_id), text)
        except Exception as error:
            if not is_transient(error):
                raise
            return None

    async def send(self, target: ReplyTarget, text: str, buttons: InlineKeyboardMarkup | None = None) -> int:
        """Edit the placeholder into `text`, or send a new message. The message's id.

        Raises telegram's errors, except for those that mean that the text is there already.
        """
        try:
            sent = await self._sent_id_when_settled(target)
            if sent and await self.edit(target.chat, sent, text, buttons):
                return sent
            return await self._send_new(target, text, buttons)
        except ChatMigrated as moved:
            return await self.send(await self._migrated(target, moved.new_chat_id), text, buttons)

    async def update_placeholder(
        self, target: ReplyTarget, text: str, is_waiting: Callable[[], Awaitable[bool]]
    ) -> None:
        """Edit a placeholder, unless its answer has come: `is_waiting` says so.

        `send` waits for the end of the edit, so an answer is never overwritten.
        Raises telegram's errors, and TimeoutError.
        """
        lock = _editing_key(target)
        if not await self._redis.set(lock, "", nx=True, px=int(1000 * (EDITING_S + 1))):
            return  # another bot is editing it
        try:
            sent = await self.sent_id(target)
            if sent and await is_waiting():  # checked under the lock: a later answer waits for it
                async with asyncio.timeout(EDITING_S):
                    await self.edit(target.chat, sent, text)
        finally:
            await self._redis.unlink(lock)

    async def send_once(self, target: ReplyTarget, send: SendMessages) -> None:
        """Send messages that cannot be edited into others (albums, files), unless they were sent.

        `send` gets the arguments that every sending method of telegram's Bot takes: chat, topic, and the
        message to reply to.
        """
        if await self.sent_id(target):
            return
        try:
            messages = await send(_address(target))
            await retry_while_unavailable(self._record, target, messages[0].message_id)
        except ChatMigrated as moved:
            await self.send_once(await self._migrated(target, moved.new_chat_id), send)

    async def adopt(self, target: ReplyTarget, message: int, placeholder: str = "") -> None:
        """Make one of the bot's messages the reply to this target, unless there is one already.

        It shows `placeholder` until the answer is sent; '': its own text.
        """
        if not await self.sent_id(target):
            await self._record(target, message)
            if placeholder:
                await self.send(target, placeholder)

    async def forget_sent(self, target: ReplyTarget) -> None:
        """Forget the reply to a target: the next `send` sends a new one. The old one stays in the chat."""
        await self._redis.hdel(_sent_key(target.chat), target.idempotency_key)

    async def claim_first(self, target: ReplyTarget, topic: str) -> bool:
        """Whether this target is the first of its chat to claim `topic`. Again true for the same target."""
        mark = crc32(target.idempotency_key.encode())
        await self._redis.hsetnx(_sent_key(target.chat), topic, mark)
        return await self._sent_id(target.chat, topic) == mark

    async def sent_id(self, target: ReplyTarget) -> int | None:
        """The message id of the reply to a target; None if it is unknown."""
        return await self._sent_id(target.chat, target.idempotency_key)

    async def edit(
        self, chat: int, message: int, text: str, buttons: InlineKeyboardMarkup | None = None
    ) -> bool:
        """Edit one of the bot's messages. Idempotent. Returns False if the message is gone."""
        try:
            await self._bot.edit_message_text(
                truncate(text), chat_id=chat, message_id=message, reply_markup=buttons
            )
        except BadRequest as error:
            reason = str(error).lower()
            if UNCHANGED in reason:
                return True
            if any(phrase in reason for phrase in GONE):
                return False
            raise
        return True

    async def delete(self, chat: int, message: int, text: str) -> None:
        """Delete one of the bot's messages. Telegram keeps those older than two days: they become `text`."""
        try:
            await self._bot.delete_message(chat, message)
        except BadRequest as error:
            if "not found" not in str(error).lower():
                await self.edit(chat, message, text)

    async def _sent_id(self, chat: int, field: str) -> int | None:
        return int(await self._redis.hget(_sent_key(chat), field) or 0) or None

    async def _sent_id_when_settled(self, target: ReplyTarget) -> int | None:
        """The id of the reply, once no process edits it as a placeholder."""
        while await self._redis.exists(_editing_key(target)):  # noqa: ASYNC110 - it may be another process
            await asyncio.sleep(0.02)
        return await self.sent_id(target)

    async def _send_new(self, target: ReplyTarget, text: str, buttons: InlineKeyboardMarkup | None) -> int:
        message = await self._bot.send_message(text=truncate(text), reply_markup=buttons, **_address(target))
        # without the record it would be sent again
        await retry_while_unavailable(self._record, target, message.message_id)
        return message.message_id

    async def _migrated(self, target: ReplyTarget, supergroup: int) -> ReplyTarget:
        """The target in the supergroup. The memory moves there first."""
        await self._memory.migrate(target.chat, supergroup)
        return target.migrated_to(supergroup)

    async def _record(self, target: ReplyTarget, message: int) -> None:
        key = _sent_key(target.chat)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(key, target.idempotency_key, message)
            pipe.expire(key, TTL_S)
            pipe.hlen(key)
            *_, count = await pipe.execute()
        if count > MAX_MESSAGES:
            await self._drop_older_half(key)

    async def _drop_older_half(self, key: str) -> None:
        sent: Any = await self._redis.hgetall(key)
        by_age = sorted(sent, key=lambda field: int(sent[field] or 0))  # message ids grow with time
        await self._redis.hdel(key, *by_age[: len(by_age) // 2])


def _address(target: ReplyTarget) -> dict[str, Any]:
    reply = ReplyParameters(target.reply_to, allow_sending_without_reply=True) if target.reply_to else None
    topic = {"message_thread_id": target.thread} if target.thread else {}
    return {"chat_id": target.chat, "reply_parameters": reply, **topic}


def _sent_key(chat: int) -> str:
    return keys.SENT_MESSAGES(chat=chat)


def _editing_key(target: ReplyTarget) -> str:
    return keys.EDITING(chat=target.chat, key=target.idempotency_key)
