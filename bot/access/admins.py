"""Who may decide for a chat: in a private one its person, in a group its administrators.

    admins:{CHAT}    set: their ids, believed for some minutes

An administrator who writes anonymously writes as the group itself. Telegram tells the bot of no change among
other members, so somebody who has just become an administrator may have to wait for AGE_S.
"""

from typing import Final

from redis.asyncio import Redis
from telegram import Bot, ChatMember, ChatMemberUpdated, Message

from bot.talk import Press, Talk

AGE_S: Final = 120
OUTSIDE: Final = (ChatMember.LEFT, ChatMember.BANNED)


class ChatAdmins:
    def __init__(self, bot: Bot, redis: Redis) -> None:
        self._bot = bot
        self._redis = redis

    async def is_admin(self, who: Talk | Press) -> bool:
        """Whether who wrote, or pressed a button, may decide for the chat. Raises telegram's errors."""
        if who.chat == who.person:
            return True
        if isinstance(who, Talk) and _is_anonymous(who.message):
            return True
        return who.person in await self._admins(who.chat)

    async def _admins(self, chat: int) -> set[int]:
        known = await self._redis.smembers(f"admins:{{{chat}}}")
        return {int(one) for one in known} if known else await self._fetched(chat)

    async def _fetched(self, chat: int) -> set[int]:
        admins = {member.user.id for member in await self._bot.get_chat_administrators(chat)}
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.sadd(f"admins:{{{chat}}}", *admins, 0)  # never empty: that would mean unknown
            pipe.expire(f"admins:{{{chat}}}", AGE_S)
            await pipe.execute()
        return admins


def came_in(change: ChatMemberUpdated) -> bool:
    """Whether the bot was outside of a group, and is in it now."""
    is_group = change.chat.id < 0
    return (
        is_group and change.old_chat_member.status in OUTSIDE and change.new_chat_member.status not in OUTSIDE
    )


def _is_anonymous(message: Message) -> bool:
    return message.sender_chat is not None and message.sender_chat.id == message.chat_id
