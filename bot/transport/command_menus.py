"""The menus of commands, and the texts that Telegram shows about the bot before a chat begins.

`bot.state.keys.MENUS` is a hash: menu or text -> digest of the last published version, so that a start
publishes only changes.

Telegram picks a menu by the kind of chat and the language of a person's app. A chat that has chosen another
language by /lang has its own menu, and so have the owner and the admins after their first /start or /help.
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
from bot.replies.start import (
    ADMIN,
    BOT_ADMIN,
    GROUP,
    PRIVATE,
    MenuKind,
    commands,
    description,
    short_description,
)
from bot.state import keys
from vlm.queue.connection import retry_while_unavailable
from vlm.text.languages import ENGLISH

log = logging.getLogger(__name__)

SCOPES: Final[dict[MenuKind, BotCommandScope]] = {
    PRIVATE: BotCommandScopeAllPrivateChats(),
    GROUP: BotCommandScopeAllGroupChats(),
    ADMIN: BotCommandScopeAllChatAdministrators(),
}

Publish = Callable[[], Awaitable[bool]]


class CommandMenus:
    """`bot_admins` are the people whose private menu has the commands for running the bot."""

    def __init__(self, bot: Bot, redis: Redis, bot_admins: Collection[int] = ()) -> None:
        self.bot_admins = bot_admins
        self._bot = bot
        self._redis = redis

    async def publish(self) -> None:
        """Publish what has changed, in every language. Raises telegram's errors; may be called again."""
        for code in CATALOGS:
            for name, text, publish in self._texts(translator_for(code), None if code == ENGLISH else code):
                digest = hashlib.sha256(text.encode()).digest()
                if await retry_while_unavailable(self._digest, name) != digest:
                    await publish()
                    await retry_while_unavailable(self._set_digest, name, digest)

    async def show(self, chat: int, t: Translator) -> None:
        """Put a chat's menu into its language. Best effort: Telegram may refuse it."""
        scopes: dict[MenuKind, BotCommandScope] = {
            BOT_ADMIN if chat in self.bot_admins else PRIVATE: BotCommandScopeChat(chat)
        }
        if chat < 0:
            scopes = {GROUP: BotCommandScopeChat(chat), ADMIN: BotCommandScopeChatAdministrators(chat)}
        try:
            for kind, scope in scopes.items():
                await self._bot.set_my_commands(commands(t, kind), scope)
        except TelegramError as error:
            log.info("chat %d keeps its menu: %s", chat, error)

    async def _digest(self, name: str) -> Any:
        return await self._redis.hget(keys.MENUS(), name)

    async def _set_digest(self, name: str, digest: bytes) -> None:
        await self._redis.hset(keys.MENUS(), name, digest)

    def _texts(self, t: Translator, code: str | None) -> Iterator[tuple[str, str, Publish]]:
        """What Telegram shows in one language: the name of its digest, the text, and how to publish it."""
        language = code or ""
        for kind, scope in SCOPES.items():
            menu = commands(t, kind)
            yield f"{kind} {language}", str(menu), _menu(self._bot, menu, scope, code)
        yield f"about {language}", description(t), lambda: self._bot.set_my_description(description(t), code)
        yield (
            f"in short {language}",
            short_description(t),
            lambda: self._bot.set_my_short_description(short_description(t), code),
        )


def _menu(bot: Bot, menu: list[tuple[str, str]], scope: BotCommandScope, code: str | None) -> Publish:
    return lambda: bot.set_my_commands(menu, scope, code)
