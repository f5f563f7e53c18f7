"""What the bot says, written so that saying it again does nothing: the placeholder becomes the answer.

Every message of ours answers one cause (`bot.state.reply_target`). Texts are cut to Telegram's limit.

    said:{CHAT}    hash: cause -> the id of our message; '' while it is unknown. Kept for a week after the
                   last; when there are too many, the older half is forgotten
    editing:{CHAT}:CAUSE    there while a placeholder is given another text (`update`)

A placeholder is opened *at most* once, and an answer is said *at least* once. Saying it again edits the same
message into the same text, which Telegram refuses as "not modified": nobody sees it twice.

A group that became a supergroup is another chat: what was on its way comes there, as a message of its own.

What remains: a process killed between Telegram's sending a message and our noting its id. A placeholder then
stays as it is, and the answer comes as a message of its own; an answer that had none may come twice.
Telegram offers no way to ask what was sent.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from zlib import crc32

from redis.asyncio import Redis
from telegram import Bot, InlineKeyboardMarkup, Message, ReplyParameters
from telegram.error import BadRequest, ChatMigrated

from bot.replies.length import fitted
from bot.state.reply_target import Place
from bot.transport.retry import is_transient
from vlm.memory import Memory
from vlm.queue.connection import retry_while_unavailable

TTL_S: Final = 7 * 24 * 3600
MOST: Final = 2000  # answers that are remembered of one chat
EDITING_S: Final = 10.0

UNCHANGED: Final = "message is not modified"
GONE: Final = ("message to edit not found", "message can't be edited", "message_id_invalid")

Send = Callable[[dict[str, Any]], Awaitable[Sequence[Message]]]


class Outbox:
    def __init__(self, bot: Bot, redis: Redis) -> None:
        self._bot = bot
        self._redis = redis
        self._memory = Memory(redis)

    async def open(self, place: Place, text: str) -> int | None:
        """Show a placeholder, unless something was said already. Its id, if there is one.

        It is a courtesy: when Telegram cannot take it now, the work goes on without.
        """
        if not await self._redis.hsetnx(_said(place.chat), place.cause, ""):
            return await self.said(place)
        try:
            return await self._send(place, text, None)
        except ChatMigrated as moved:
            return await self.open(await self._there(place, moved.new_chat_id), text)
        except Exception as error:
            if not is_transient(error):
                raise
            return None

    async def say(self, place: Place, text: str, buttons: InlineKeyboardMarkup | None = None) -> int:
        """Turn the placeholder into `text`, or send it anew. The message's id.

        Raises telegram's errors, except for those that mean that the text is there already.
        """
        try:
            known = await self._settled(place)
            if known and await self.edit(place.chat, known, text, buttons):
                return known
            return await self._send(place, text, buttons)
        except ChatMigrated as moved:
            return await self.say(await self._there(place, moved.new_chat_id), text, buttons)

    async def update(self, place: Place, text: str, is_waiting: Callable[[], Awaitable[bool]]) -> None:
        """Give a placeholder another text while its answer `is_waiting`.

        Whoever brings the answer waits until that is done, and so the answer is never written over.
        Raises telegram's errors, and TimeoutError.
        """
        mark = _editing(place)
        if not await self._redis.set(mark, "", nx=True, px=int(1000 * (EDITING_S + 1))):
            return  # another bot is at it
        try:
            known = await self.said(place)
            if known and await is_waiting():  # asked after the mark is set: an answer comes later, and waits
                async with asyncio.timeout(EDITING_S):
                    await self.edit(place.chat, known, text)
        finally:
            await self._redis.unlink(mark)

    async def once(self, place: Place, send: Send) -> None:
        """Send messages that can never be edited into others (albums, files), unless they were sent.

        `send` is given what every sending method of telegram's Bot takes: chat, topic, and what to reply to.
        """
        if await self.said(place):
            return
        try:
            sent = await send(_address(place))
            await retry_while_unavailable(self._note, place, sent[0].message_id)
        except ChatMigrated as moved:
            await self.once(await self._there(place, moved.new_chat_id), send)

    async def take(self, place: Place, message: int, text: str = "") -> None:
        """Let a message of ours become what is said to this cause, unless there is one already.

        `text` is its placeholder; '': it stays as it is until then.
        """
        if not await self.said(place):
            await self._note(place, message)
            if text:
                await self.say(place, text)

    async def unsay(self, place: Place) -> None:
        """Say it anew the next time: what was said to this cause is forgotten, and stays in the chat."""
        await self._redis.hdel(_said(place.chat), place.cause)

    async def first(self, place: Place, matter: str) -> bool:
        """Whether this cause is the first of the chat to tell of some matter; again for the same cause."""
        mark = crc32(place.cause.encode())
        await self._redis.hsetnx(_said(place.chat), matter, mark)
        return await self.said(place.because(matter)) == mark

    async def _settled(self, place: Place) -> int | None:
        """What `said` says, once nobody edits it any more."""
        while await self._redis.exists(_editing(place)):  # noqa: ASYNC110 - it may be another process
            await asyncio.sleep(0.02)
        return await self.said(place)

    async def said(self, place: Place) -> int | None:
        """The id of our message for a cause, if one is known."""
        return int(await self._redis.hget(_said(place.chat), place.cause) or 0) or None

    async def _send(self, place: Place, text: str, buttons: InlineKeyboardMarkup | None) -> int:
        message = await self._bot.send_message(text=fitted(text), reply_markup=buttons, **_address(place))
        await retry_while_unavailable(
            self._note, place, message.message_id
        )  # unnoted, it would be sent again
        return message.message_id

    async def edit(
        self, chat: int, message: int, text: str, buttons: InlineKeyboardMarkup | None = None
    ) -> bool:
        """Give a message of ours another text, again and again if need be. False: it is there no more."""
        try:
            await self._bot.edit_message_text(
                fitted(text), chat_id=chat, message_id=message, reply_markup=buttons
            )
        except BadRequest as error:
            reason = str(error).lower()
            if UNCHANGED in reason:
                return True
            if any(words in reason for words in GONE):
                return False
            raise
        return True

    async def _there(self, place: Place, supergroup: int) -> Place:
        """Where the answer belongs now that its group is a supergroup; its memory is there before it."""
        await self._memory.migrate(place.chat, supergroup)
        return place.moved(supergroup)

    async def remove(self, chat: int, message: int, text: str) -> None:
        """Take a message of ours out of the chat. Telegram lets go of none older than two days: then it
        becomes `text`."""
        try:
            await self._bot.delete_message(chat, message)
        except BadRequest as error:
            if "not found" not in str(error).lower():
                await self.edit(chat, message, text)

    async def _note(self, place: Place, message: int) -> None:
        key = _said(place.chat)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(key, place.cause, message)
            pipe.expire(key, TTL_S)
            pipe.hlen(key)
            *_, count = await pipe.execute()
        if count > MOST:
            await self._forget_older_half(key)

    async def _forget_older_half(self, key: str) -> None:
        said: Any = await self._redis.hgetall(key)
        by_age = sorted(said, key=lambda cause: int(said[cause] or 0))  # our ids grow with time
        await self._redis.hdel(key, *by_age[: len(by_age) // 2])


def _address(place: Place) -> dict[str, Any]:
    reply = ReplyParameters(place.reply_to, allow_sending_without_reply=True) if place.reply_to else None
    topic = {"message_thread_id": place.thread} if place.thread else {}
    return {"chat_id": place.chat, "reply_parameters": reply, **topic}


def _editing(place: Place) -> str:
    return f"editing:{{{place.chat}}}:{place.cause}"


def _said(chat: int) -> str:
    return f"said:{{{chat}}}"
