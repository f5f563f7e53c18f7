"""The menus of commands, and what Telegram shows of the bot before anybody has written to it.

    menus   hash: which of them -> digest of what Telegram was told, so that a start tells it only what is new

Telegram picks a menu by the kind of chat and the language of a person's app; a chat that has chosen another
language by /lang has a menu of its own, and so have the owner and the admins, from their /start or /help on.
"""

import hashlib
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator
from typing import Any, Final

from redis.asyncio import Redis
from telegram import (
    Bot,
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeChatAdministrators,
)
from telegram.error import TelegramError

from bot.i18n.translator import CATALOGS, Translator, translator_for
from bot.replies.start import ADMIN, GROUP, HOST, PRIVATE, Kind, about, commands, in_short
from vlm.queue.connection import retry_while_unavailable
from vlm.text.languages import ENGLISH

log = logging.getLogger(__name__)

TOLD: Final = "menus"
SCOPES: Final[dict[Kind, BotCommandScope]] = {
    PRIVATE: BotCommandScopeAllPrivateChats(),
    GROUP: BotCommandScopeAllGroupChats(),
    ADMIN: BotCommandScopeAllChatAdministrators(),
}

Tell = Callable[[], Awaitable[bool]]


class CommandMenus:
    """`hosts` are the people whose private menu has the commands of who runs the bot."""

    def __init__(self, bot: Bot, redis: Redis, hosts: Collection[int] = ()) -> None:
        self.hosts = hosts
        self._bot = bot
        self._redis = redis

    async def publish(self) -> None:
        """Tell Telegram what has changed, in every language. Raises telegram's errors; then try again."""
        for code in CATALOGS:
            for name, words, tell in self._told(translator_for(code), None if code == ENGLISH else code):
                digest = hashlib.sha256(words.encode()).digest()
                if await retry_while_unavailable(self._noted, name) != digest:
                    await tell()
                    await retry_while_unavailable(self._note, name, digest)

    async def show(self, chat: int, t: Translator) -> None:
        """From now on, the menu of a chat is in its language. A courtesy: Telegram may decline it."""
        scopes: dict[Kind, BotCommandScope] = {
            HOST if chat in self.hosts else PRIVATE: BotCommandScopeChat(chat)
        }
        if chat < 0:
            scopes = {GROUP: BotCommandScopeChat(chat), ADMIN: BotCommandScopeChatAdministrators(chat)}
        try:
            for kind, scope in scopes.items():
                await self._bot.set_my_commands(commands(t, kind), scope)
        except TelegramError as error:
            log.info("chat %d keeps its menu: %s", chat, error)

    async def _noted(self, name: str) -> Any:
        return await self._redis.hget(TOLD, name)

    async def _note(self, name: str, digest: bytes) -> None:
        await self._redis.hset(TOLD, name, digest)

    def _told(self, t: Translator, code: str | None) -> Iterator[tuple[str, str, Tell]]:
        """What Telegram is told in one language: under which name it is noted, the words, and how."""
        language = code or ""
        for kind, scope in SCOPES.items():
            menu = commands(t, kind)
            yield f"{kind} {language}", str(menu), _menu(self._bot, menu, scope, code)
        yield f"about {language}", about(t), lambda: self._bot.set_my_description(about(t), code)
        yield (
            f"in short {language}",
            in_short(t),
            lambda: self._bot.set_my_short_description(in_short(t), code),
        )


def _menu(bot: Bot, menu: list[tuple[str, str]], scope: BotCommandScope, code: str | None) -> Tell:
    return lambda: bot.set_my_commands(menu, scope, code)
