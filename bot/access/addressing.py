"""Is this message for the bot? In a private chat every message is. In a group it hears only

    a command that it knows, unless the command names another bot
    a mention, in a text or under a picture, and the other pictures of that album
    a reply to one of its own messages
    every picture, where /auto is on

and all else has never reached it: nothing of it is kept, not even the group's language.

    called:{CHAT}    set: the albums in which it was mentioned; kept for a minute after the last
"""

from collections.abc import Collection
from typing import Final

from redis.asyncio import Redis
from telegram import Message, MessageEntity, Update
from telegram.constants import ChatType
from telegram.ext import ApplicationHandlerStop
from telegram.ext.filters import MessageFilter

from bot.state.reply_target import replied
from bot.transport.telegram_files import has_picture
from vlm.memory import Memory

ALBUM_S: Final = 60


class Gate:
    """`commands` are those that it knows, without the slash."""

    def __init__(self, redis: Redis, memory: Memory) -> None:
        self.commands: Collection[str] = ()
        self._redis = redis
        self._memory = memory

    async def check(self, update: Update, _: object) -> None:
        """Before all handlers. Raises ApplicationHandlerStop for what the bot should not hear."""
        message = update.message or update.edited_message
        if message and not await self.hears(message):
            raise ApplicationHandlerStop

    async def hears(self, message: Message) -> bool:
        """Whether the message is for the bot, or is to be answered all the same."""
        if is_addressed(message, self.commands):
            if message.media_group_id and message.chat.type != ChatType.PRIVATE:
                await self._note_album(message.chat_id, message.media_group_id)
            return True
        return has_picture(message) and await self._is_wanted(message)

    async def _is_wanted(self, picture: Message) -> bool:
        album, called = picture.media_group_id, _called(picture.chat_id)
        if album and await self._redis.sismember(called, album):
            return True
        return (await self._memory.preferences(picture.chat_id)).auto

    async def _note_album(self, chat: int, album: str) -> None:
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.sadd(_called(chat), album)
            pipe.expire(_called(chat), ALBUM_S)
            await pipe.execute()


def is_addressed(message: Message, commands: Collection[str]) -> bool:
    """Whether somebody speaks to the bot. What Telegram tells of a group's move is for it too."""
    if message.chat.type == ChatType.PRIVATE:
        return True
    if message.migrate_to_chat_id or message.migrate_from_chat_id:
        return True
    if command := command_of(message):
        name, _, bot = command.partition("@")
        return is_me(message, bot) if bot else name in commands
    target = replied(message)
    return bool(mentions(message) or (target and _is_from_me(target)))


def command_of(message: Message) -> str:
    """The command that a text begins with, '@bot' included, in lower case; '' if it begins with none."""
    marked = _marked(message, MessageEntity.BOT_COMMAND)
    return next((words[1:].lower() for mark, words in marked if mark.offset == 0), "")


def mentions(message: Message) -> list[str]:
    """The words in a message, or under its picture, that call the bot."""
    me, marked = message.get_bot().id, _marked(message, MessageEntity.MENTION, MessageEntity.TEXT_MENTION)
    return [
        words
        for mark, words in marked
        if (mark.user.id == me if mark.user else is_me(message, words.removeprefix("@")))
    ]


def words(message: Message) -> str:
    """What a text, or the words under a picture, say to the bot: without the command and without its name."""
    said = message.text or message.caption or ""
    if command_of(message):
        said = " ".join(said.split(maxsplit=1)[1:])
    for name in mentions(message):
        said = said.replace(name, "", 1)
    return said.strip().lstrip(",:;").strip()


class OnlyMention(MessageFilter):
    """Texts that call the bot and say nothing else."""

    def filter(self, message: Message) -> bool:
        return bool(message.text and mentions(message) and not words(message))


def is_me(message: Message, username: str) -> bool:
    """Whether this is the bot's own name."""
    return username.lower() == message.get_bot().username.lower()


def _is_from_me(message: Message) -> bool:
    return message.from_user is not None and message.from_user.id == message.get_bot().id


def _marked(message: Message, *kinds: str) -> list[tuple[MessageEntity, str]]:
    in_text = message.parse_entities(list(kinds)) if message.text else {}
    below = message.parse_caption_entities(list(kinds)) if message.caption else {}
    return list({**in_text, **below}.items())


def _called(chat: int) -> str:
    return f"called:{{{chat}}}"
