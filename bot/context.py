"""The context of a handler: the services, the user, the chat, and where the reply belongs.

    async def handler(update: Update, context: Context) -> None: ...

The chat's preferences are loaded on first use: a message in a group that is not for the bot leaves no trace.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from telegram import InlineKeyboardMarkup, Message, Update
from telegram.error import BadRequest
from telegram.ext import CallbackContext, ExtBot

from bot.access.addressing import text_to_bot
from bot.access.admins import ChatAdmins, is_anonymous_admin
from bot.access.allowlist import Allowlist
from bot.exports.exporter import Exporter
from bot.i18n.translator import Translator, translator_for
from bot.state.album_store import AlbumStore
from bot.state.job_stats import JobStats
from bot.state.pending_edits import PendingEdits
from bot.state.photo_store import PhotoStore
from bot.state.reply_target import ReplyTarget, replied_message, target_of_message, target_of_update
from bot.transport.command_menus import CommandMenus
from bot.transport.outbox import Outbox
from bot.transport.photo_sender import PhotoSender
from bot.transport.telegram_files import TelegramFiles
from bot.transport.typing_indicator import TypingIndicator
from bot.transport.updates import ARRIVAL_US, App
from vlm.memory import Memory, Preferences
from vlm.ops.metrics import Metrics
from vlm.queue.client import Client

SERVICES: Final = "services"  # in an application's `bot_data`


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The services of the handlers: built once, for updates and for results.

    retention_days   how long a photo is remembered
    contact          the contact that /privacy names; '': none
    """

    bot: ExtBot[Any]
    client: Client
    memory: Memory
    outbox: Outbox
    telegram_files: TelegramFiles
    typing_indicator: TypingIndicator
    photo_sender: PhotoSender
    photo_store: PhotoStore
    album_store: AlbumStore
    pending_edits: PendingEdits
    chat_admins: ChatAdmins
    allowlist: Allowlist
    command_menus: CommandMenus
    exporter: Exporter
    job_stats: JobStats
    metrics: Metrics
    retention_days: int
    contact: str


class Context(CallbackContext[ExtBot[Any], dict[Any, Any], dict[Any, Any], dict[str, Any]]):
    """The context of one update. A button's data may be forged: look up the ids in it in `chat_id` only."""

    _update: Update
    _preferences: Preferences | None = None

    @classmethod
    def from_update(cls, update: object, application: App) -> "Context":
        context = super().from_update(update, application)
        if isinstance(update, Update):
            context._update = update
        return context

    @property
    def services(self) -> Services:
        services: Services = self.bot_data[SERVICES]
        return services

    @property
    def message(self) -> Message:
        """The message that came in, or the one with the pressed button."""
        message = self._update.effective_message
        if not isinstance(message, Message):
            raise ValueError(f"update {self._update.update_id} has no message")
        return message

    @property
    def replied_message(self) -> Message | None:
        """The message that this one replies to."""
        return replied_message(self.message)

    @property
    def text(self) -> str:
        """The text or caption without a command and without the bot's name."""
        message = self.message
        return text_to_bot(message) if message.text or message.caption else ""

    @property
    def argument(self) -> str:
        """The argument in the data of the pressed button: `verb:argument`."""
        query = self._update.callback_query
        return ((query and query.data) or "").partition(":")[2]

    @property
    def target(self) -> ReplyTarget:
        """Where the reply to the update belongs."""
        return target_of_update(self._update) or target_of_message(self.message)

    @property
    def chat_id(self) -> int:
        """The chat; of an inline query, its user's private chat."""
        chat = self._update.effective_chat
        return chat.id if chat else self.user_id

    @property
    def user_id(self) -> int:
        """The user who wrote or pressed; 0 for a message in the name of a group or channel."""
        user = self._update.effective_user
        return user.id if user else 0

    @property
    def arrival_us(self) -> int:
        """When the update arrived, by Redis' clock, in Unix microseconds; 0 if unknown."""
        return int(self._update.api_kwargs.get(ARRIVAL_US, 0))

    async def preferences(self) -> Preferences:
        """The chat's preferences. Its language, once chosen or taken from its first user's app, stays.

        An inline query stores nothing: its user may never have written to the bot.
        """
        if self._preferences is None:
            memory, user = self.services.memory, self._update.effective_user
            self._preferences = await memory.preferences(self.chat_id)
            if not self._preferences.language and user and user.language_code and self._update.effective_chat:
                self._preferences = await memory.prefer(self.chat_id, language=user.language_code)
        return self._preferences

    async def translator(self) -> Translator:
        """The translator for the chat's language; for an inline query, else for that of the user's app."""
        language, query = (await self.preferences()).language, self._update.inline_query
        return translator_for(language or ((query and query.from_user.language_code) or ""))

    async def is_chat_admin(self) -> bool:
        """Whether the user may decide for the chat. Raises telegram's errors."""
        if self._update.callback_query is None and is_anonymous_admin(self.message):
            return True
        return await self.services.chat_admins.is_admin(self.chat_id, self.user_id)

    async def reply(self, text: str, buttons: InlineKeyboardMarkup | None = None) -> int:
        """Reply to the update. The message's id."""
        return await self.services.outbox.send(self.target, text, buttons)

    async def edit_message(self, text: str, buttons: InlineKeyboardMarkup | None = None) -> None:
        """Give the message with the pressed button another text."""
        await self.services.outbox.edit(self.chat_id, self.message.message_id, text, buttons)

    async def answer(self, text: str = "", *, alert: bool = False) -> None:
        """Answer the callback query of a pressed button: each must be answered.

        Telegram refuses an answer that comes a minute later. That is ignored.
        """
        if query := self._update.callback_query:
            with suppress(BadRequest):
                await query.answer(text, show_alert=alert)
