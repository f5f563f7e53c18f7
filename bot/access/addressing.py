"""Whether a message is for the bot. In a private chat every message is. In a group the bot is addressed by

    a command that it knows, unless the command names another bot
    a mention, in a text or a caption, and in the other photos of that album
    a reply to one of its own messages
    every photo, where /auto is on

All other messages leave no trace: nothing of them is stored, not even the group's language.
"""

from collections.abc import Collection
from typing import Final

from redis.asyncio import Redis
from telegram import Message, MessageEntity, Update
from telegram.constants import ChatType
from telegram.ext import ApplicationHandlerStop
from telegram.ext.filters import MessageFilter

from bot.state import keys
from bot.state.reply_target import replied_message
from bot.transport.telegram_files import has_picture
from vlm.memory import Memory

ALBUM_S: Final = 60


class Addressing:
    """`commands`: those that the bot knows, without the slash.

    `bot.state.keys.CALLED_ALBUMS` is a set of the albums that mention the bot, for ALBUM_S after the last.
    """

    def __init__(self, redis: Redis, memory: Memory, commands: Collection[str]) -> None:
        self._redis = redis
        self._memory = memory
        self._commands = commands

    async def check(self, update: Update, _: object) -> None:
        """A handler before all others. Raises ApplicationHandlerStop for a message not for the bot."""
        message = update.message or update.edited_message
        if message and not await self.is_addressed(message):
            raise ApplicationHandlerStop

    async def is_addressed(self, message: Message) -> bool:
        """Whether the bot handles the message: it is addressed, or the chat wants every photo captioned."""
        if speaks_to_bot(message, self._commands):
            if message.media_group_id and message.chat.type != ChatType.PRIVATE:
                await self._note_album(message.chat_id, message.media_group_id)
            return True
        return has_picture(message) and await self._is_wanted(message)

    async def _is_wanted(self, photo: Message) -> bool:
        album, called = photo.media_group_id, keys.CALLED_ALBUMS(chat=photo.chat_id)
        if album and await self._redis.sismember(called, album):
            return True
        return (await self._memory.preferences(photo.chat_id)).auto

    async def _note_album(self, chat: int, album: str) -> None:
        called = keys.CALLED_ALBUMS(chat=chat)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.sadd(called, album)
            pipe.expire(called, ALBUM_S)
            await pipe.execute()


class OnlyMention(MessageFilter):
    """Texts that mention the bot and say nothing else."""

    def filter(self, message: Message) -> bool:
        return bool(message.text and mentions(message) and not text_to_bot(message))


class RepliesToBot(MessageFilter):
    """Messages that reply to one of the bot's."""

    def filter(self, message: Message) -> bool:
        target = replied_message(message)
        return target is not None and _is_from_bot(target)


def speaks_to_bot(message: Message, commands: Collection[str]) -> bool:
    """Whether a message addresses the bot. Service messages about a migration do, too."""
    if message.chat.type == ChatType.PRIVATE:
        return True
    if message.migrate_to_chat_id or message.migrate_from_chat_id:
        return True
    if command := command_of(message):
        name, _, bot = command.partition("@")
        return is_own_name(message, bot) if bot else name in commands
    target = replied_message(message)
    return bool(mentions(message) or (target and _is_from_bot(target)))


def command_of(message: Message) -> str:
    """The command that a text begins with, '@bot' included, in lower case; '' if it begins with none."""
    entities = _entities(message, MessageEntity.BOT_COMMAND)
    return next((text[1:].lower() for entity, text in entities if entity.offset == 0), "")


def mentions(message: Message) -> list[str]:
    """The words in a text or caption that mention the bot."""
    bot_id = message.get_bot().id
    return [
        text
        for entity, text in _entities(message, MessageEntity.MENTION, MessageEntity.TEXT_MENTION)
        if (entity.user.id == bot_id if entity.user else is_own_name(message, text.removeprefix("@")))
    ]


def text_to_bot(message: Message) -> str:
    """A text or caption without the command and without the bot's name."""
    text = message.text or message.caption or ""
    if command_of(message):
        text = " ".join(text.split(maxsplit=1)[1:])
    for name in mentions(message):
        text = text.replace(name, "", 1)
    return text.strip().lstrip(",:;").strip()


def is_own_name(message: Message, username: str) -> bool:
    """Whether `username` is the bot's."""
    return username.lower() == message.get_bot().username.lower()


def _is_from_bot(message: Message) -> bool:
    return message.from_user is not None and message.from_user.id == message.get_bot().id


def _entities(message: Message, *kinds: str) -> list[tuple[MessageEntity, str]]:
    in_text = message.parse_entities(list(kinds)) if message.text else {}
    in_caption = message.parse_caption_entities(list(kinds)) if message.caption else {}
    return list({**in_text, **in_caption}.items())
