"""Builds the application and its services, and registers the handlers."""

import re
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from redis.asyncio import Redis
from telegram import Message, Update
from telegram.ext import (
    ApplicationBuilder,
    BaseHandler,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    ContextTypes,
    ExtBot,
    InlineQueryHandler,
    MessageHandler,
    TypeHandler,
)
from telegram.ext.filters import COMMAND, TEXT, ChatType, MessageFilter, StatusUpdate, UpdateType

from bot.access.access_control import AccessControl
from bot.access.addressing import Addressing, OnlyMention, RepliesToBot
from bot.access.admins import ChatAdmins
from bot.access.allowlist import Allowlist
from bot.context import SERVICES, Context, Services
from bot.exports.exporter import Exporter
from bot.handlers import (
    admin,
    albums,
    caption_edit,
    captions,
    export,
    find,
    groups,
    inline,
    language,
    photos,
    privacy,
    questions,
    start,
    style,
)
from bot.replies import albums as album_buttons
from bot.replies import photos as photo_buttons
from bot.replies import privacy as privacy_buttons
from bot.settings import Settings
from bot.state.album_store import AlbumStore
from bot.state.job_stats import JobStats
from bot.state.keys import CHAT_KEYS
from bot.state.pending_edits import PendingEdits
from bot.state.photo_store import PhotoStore
from bot.transport.command_menus import CommandMenus
from bot.transport.outbox import Outbox
from bot.transport.photo_sender import PhotoSender
from bot.transport.rate_limiter import RateLimiter
from bot.transport.telegram_files import IMAGE, TelegramFiles
from bot.transport.typing_indicator import TypingIndicator
from bot.transport.updates import App
from vlm.memory import Memory
from vlm.ops.metrics import Metrics
from vlm.queue.client import Client

# The kinds of update that the bot asks Telegram for.
ALLOWED_UPDATES: Final = ("message", "edited_message", "callback_query", "my_chat_member", "inline_query")

NEW: Final = UpdateType.MESSAGE & ~StatusUpdate.ALL
EDITED: Final = UpdateType.EDITED_MESSAGE

# Groups of handlers before the default one, 0.
ADDRESSING, ACCESS, CAPTIONS = -3, -2, -1

PATIENCE_S: Final = 3600.0  # how long the result of a job is still of use
HTTP_CONNECTIONS: Final = 64
HTTP_TIMEOUT_S: Final = 30.0

Handler = BaseHandler[Any, Context, Any]
Callback = Callable[[Update, Context], Coroutine[Any, Any, None]]


class PropagatingApplication(App):
    """An Application whose handlers' errors reach the caller of `process_update`, which handles them."""

    async def process_error(
        self,
        update: object | None,
        error: Exception,
        job: object | None = None,
        coroutine: object | None = None,
    ) -> bool:
        raise error


class ButtonHandler(CallbackQueryHandler[Context, Any]):
    """Handles a press of a button, unless its message is too old for the bot to read."""

    def check_update(self, update: object) -> Any:
        query = update.callback_query if isinstance(update, Update) else None
        return super().check_update(update) if query and isinstance(query.message, Message) else None


class InAlbum(MessageFilter):
    """Photos of an album."""

    def filter(self, message: Message) -> bool:
        return message.media_group_id is not None


def build(settings: Settings, rate_limiter: RateLimiter) -> App:
    """The application, without handlers: it needs no network until it is initialized."""
    return (
        ApplicationBuilder()
        .application_class(PropagatingApplication)
        .context_types(ContextTypes(context=Context))
        .token(settings.token)
        .base_url(f"{settings.api_url}/bot")
        .base_file_url(f"{settings.api_url}/file/bot")
        .rate_limiter(rate_limiter)
        .updater(None)
        .job_queue(None)
        .connection_pool_size(HTTP_CONNECTIONS)
        .pool_timeout(HTTP_TIMEOUT_S)
        .read_timeout(HTTP_TIMEOUT_S)
        .build()
    )


def build_services(settings: Settings, bot: ExtBot[Any], redis: Redis, metrics: Metrics) -> Services:
    """The services of the handlers."""
    client = Client(redis, queue_max=settings.queue_max, chat_max=settings.chat_max, patience_s=PATIENCE_S)
    memory = Memory(redis, chat_keys=CHAT_KEYS)
    outbox = Outbox(bot, redis, memory)
    job_stats = JobStats(redis, client, metrics)
    telegram_files = TelegramFiles(bot, picture_px=settings.picture_px, metrics=metrics)
    return Services(
        bot=bot,
        client=client,
        memory=memory,
        outbox=outbox,
        telegram_files=telegram_files,
        typing_indicator=TypingIndicator(bot, client, memory, outbox, job_stats),
        photo_sender=PhotoSender(bot, outbox, memory),
        photo_store=PhotoStore(memory),
        album_store=AlbumStore(redis),
        pending_edits=PendingEdits(redis),
        chat_admins=ChatAdmins(bot, redis),
        allowlist=Allowlist(settings, redis),
        command_menus=CommandMenus(bot, redis, settings.bot_admins),
        exporter=Exporter(bot, redis, memory, outbox, telegram_files),
        job_stats=job_stats,
        metrics=metrics,
        retention_days=settings.retention_days,
        contact=settings.contact,
    )


def register_handlers(application: App, services: Services, redis: Redis) -> None:
    """Register all handlers. In each group, the first whose filter fits an update gets it.

    Updates pass the groups in order. In group chats, messages that are not for the bot end at ADDRESSING.
    Updates of people without access end at ACCESS, captions that the bot has asked for at CAPTIONS.
    """
    application.bot_data[SERVICES] = services
    commands = _commands()
    names = frozenset(name for command in commands for name in command.commands)
    addressing = Addressing(redis, services.memory, names)
    in_group = UpdateType.MESSAGES & ~ChatType.PRIVATE
    application.add_handler(MessageHandler(in_group, addressing.check), ADDRESSING)
    if services.allowlist.access != "open":
        access_control = AccessControl(services.allowlist, services.memory, services.outbox)
        application.add_handler(TypeHandler(Update, access_control.check), ACCESS)
    replies = NEW & TEXT & ~COMMAND & ~OnlyMention() & RepliesToBot()
    application.add_handler(MessageHandler(replies, caption_edit.receive_caption), CAPTIONS)
    application.add_handlers([*commands, *_messages(), *_buttons(), *_other_updates()])


def _commands() -> list[CommandHandler[Context, Any]]:
    """The commands, which groups may send without a mention of the bot."""
    return [
        CommandHandler(["start", "help"], start.group_help, NEW & ~ChatType.PRIVATE),
        CommandHandler("start", start.start, NEW),
        CommandHandler("help", start.help, NEW),
        CommandHandler("find", find.search, NEW),
        CommandHandler("recent", find.recent, NEW),
        CommandHandler("ask", questions.ask, NEW),
        CommandHandler("auto", groups.auto, NEW),
        CommandHandler("invite", admin.invite, NEW),
        CommandHandler("revoke", admin.revoke, NEW),
        CommandHandler("stats", admin.stats, NEW),
        CommandHandler("lang", language.command, NEW),
        CommandHandler("style", style.command, NEW),
        CommandHandler("edit", caption_edit.edit, NEW),
        CommandHandler("forget", privacy.forget, NEW),
        CommandHandler("export", export.export, NEW),
        CommandHandler("privacy", privacy.show_privacy, NEW),
    ]


def _messages() -> Sequence[Handler]:
    return [
        MessageHandler(NEW & IMAGE & InAlbum(), albums.receive_album_photo),
        MessageHandler(NEW & IMAGE, photos.receive_photo),
        MessageHandler(NEW & OnlyMention(), groups.receive_mention),
        MessageHandler(NEW & TEXT & ~COMMAND, questions.receive_question),
        MessageHandler(NEW & COMMAND, start.unknown_command),
        MessageHandler(NEW, start.unsupported),
        CommandHandler("ask", questions.receive_edited_question, EDITED),
        MessageHandler(EDITED & IMAGE, photos.receive_edited_photo),
        MessageHandler(EDITED & TEXT & ~COMMAND, questions.receive_edited_question),
    ]


def _buttons() -> Sequence[Handler]:
    return [
        _button(photo_buttons.ASK, captions.ask_suggested_question),
        _button(photo_buttons.DETAIL, captions.more_detail),
        _button(photo_buttons.ANOTHER, captions.another_wording),
        _button(photo_buttons.IN_ENGLISH, captions.show_english),
        _button(photo_buttons.EDIT, caption_edit.correct),
        _button(photo_buttons.DELETE, captions.confirm_delete),
        _button(photo_buttons.REALLY, captions.delete_photo),
        _button(photo_buttons.KEEP, captions.keep_photo),
        _button(album_buttons.PICK, questions.pick_photo),
        _button(album_buttons.PICK_ALL, questions.pick_all_photos),
        _button(language.VERB, language.choose),
        _button(style.VERB, style.choose),
        _button(start.VERB, start.try_sample),
        _button(find.MORE, find.more),
        _button(find.OLDER, find.older),
        _button(find.SHOW, find.show),
        _button(find.NEAR, find.show_nearest),
        _button(privacy_buttons.FORGET_ALL, privacy.forget_all),
        _button(privacy_buttons.KEEP_ALL, privacy.keep_all),
        ButtonHandler(start.old_button),
    ]


def _other_updates() -> Sequence[Handler]:
    return [
        MessageHandler(StatusUpdate.MIGRATE, groups.migrated),
        ChatMemberHandler(groups.joined),
        InlineQueryHandler(inline.receive_inline_query),
    ]


def _button(verb: str, callback: Callback) -> ButtonHandler:
    """A button whose data is `verb` or `verb:argument`."""
    return ButtonHandler(callback, re.compile(rf"{verb}(:|\Z)"))
