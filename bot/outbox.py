"""What the bot says, each thing once. One message of ours answers one message of theirs: the *cause*.

    said:{CHAT}:CAUSE    the id of our message; '' while it is unknown. Kept for a week

A placeholder is opened *at most* once, and an answer is said *at least* once. Saying it again edits the same
message into the same text, which Telegram refuses as "not modified": nobody sees it twice.

What remains: a process killed between Telegram's sending a message and our noting its id. A placeholder then
stays as it is, and the answer comes as a message of its own; an answer that had none may come twice.
Telegram offers no way to ask what was sent.
"""

from typing import Final

from redis.asyncio import Redis
from telegram import Bot, ReplyParameters
from telegram.error import BadRequest

from bot import replies
from bot.patience import passes

TTL_S: Final = 7 * 24 * 3600

UNCHANGED: Final = "message is not modified"
GONE: Final = ("message to edit not found", "message can't be edited", "message_id_invalid")


class Outbox:
    def __init__(self, bot: Bot, redis: Redis) -> None:
        self._bot = bot
        self._redis = redis

    async def open(self, chat: int, cause: int, text: str) -> int | None:
        """Show a placeholder, unless something was said already. Its id, if there is one.

        It is a courtesy: when Telegram cannot take it now, the work goes on without.
        """
        key = _said(chat, cause)
        if not await self._redis.set(key, b"", nx=True, ex=TTL_S):
            return int(await self._redis.get(key) or 0) or None
        try:
            return await self._send(chat, cause, text)
        except Exception as error:
            if not passes(error):
                raise
            return None

    async def say(self, chat: int, cause: int, text: str) -> int:
        """Turn the placeholder into `text`, cut to Telegram's limit, or send it anew. The message's id.

        Raises telegram's errors, except for those that mean that the text is there already.
        """
        text = replies.fitted(text)
        known = int(await self._redis.get(_said(chat, cause)) or 0)
        if known and await self._edit(chat, known, text):
            return known
        return await self._send(chat, cause, text)

    async def _send(self, chat: int, cause: int, text: str) -> int:
        reply = ReplyParameters(cause, allow_sending_without_reply=True)
        message = await self._bot.send_message(chat, text, reply_parameters=reply)
        await self._redis.set(_said(chat, cause), message.message_id, ex=TTL_S)
        return message.message_id

    async def _edit(self, chat: int, message: int, text: str) -> bool:
        """Whether the message now has this text. False: it is there no more."""
        try:
            await self._bot.edit_message_text(text, chat_id=chat, message_id=message)
        except BadRequest as error:
            reason = str(error).lower()
            if UNCHANGED in reason:
                return True
            if any(words in reason for words in GONE):
                return False
            raise
        return True


def _said(chat: int, cause: int) -> str:
    return f"said:{{{chat}}}:{cause}"
