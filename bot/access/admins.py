"""Who may decide for a chat: in a private chat its user, in a group its administrators.

An anonymous administrator writes as the group itself. The bot gets no updates about other members, so a new
administrator may have to wait for MAX_AGE_S.
"""

from typing import Final

from redis.asyncio import Redis
from telegram import Bot, ChatMember, ChatMemberUpdated, Message

from bot.state import keys

MAX_AGE_S: Final = 120
OUTSIDE: Final = (ChatMember.LEFT, ChatMember.BANNED)


class ChatAdmins:
    """`bot.state.keys.CHAT_ADMINS` is a set of a group's administrators, cached for MAX_AGE_S."""

    def __init__(self, bot: Bot, redis: Redis) -> None:
        self._bot = bot
        self._redis = redis

    async def is_admin(self, chat: int, user: int) -> bool:
        """Whether a user may decide for a chat. Raises telegram's errors."""
        return chat == user or user in await self._admins(chat)

    async def _admins(self, chat: int) -> set[int]:
        cached = await self._redis.smembers(keys.CHAT_ADMINS(chat=chat))
        return {int(user) for user in cached} if cached else await self._fetch(chat)

    async def _fetch(self, chat: int) -> set[int]:
        admins = {member.user.id for member in await self._bot.get_chat_administrators(chat)}
        key = keys.CHAT_ADMINS(chat=chat)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.sadd(key, *admins, 0)  # never empty: that would mean unknown
            pipe.expire(key, MAX_AGE_S)
            await pipe.execute()
        return admins


def is_anonymous_admin(message: Message) -> bool:
    """Whether an administrator wrote a message as the group itself."""
    return message.sender_chat is not None and message.sender_chat.id == message.chat_id


def has_joined(change: ChatMemberUpdated) -> bool:
    """Whether the bot was outside a group, and is in it now."""
    was_outside = change.old_chat_member.status in OUTSIDE
    return change.chat.id < 0 and was_outside and change.new_chat_member.status not in OUTSIDE
