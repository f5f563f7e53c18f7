"""What the bot reacts to: every handler, in one place."""

import re
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

from telegram import ChatMemberUpdated, Message, Update
from telegram.ext import (
    Application,
    ApplicationBuilder,
    BaseHandler,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    InlineQueryHandler,
    MessageHandler,
    TypeHandler,
)
from telegram.ext.filters import COMMAND, TEXT, BaseFilter, ChatType, StatusUpdate, UpdateType

from bot.access.addressing import OnlyMention
from bot.handlers.find import MORE, NEAR, OLDER, SHOW
from bot.handlers.language import VERB as LANG
from bot.handlers.privacy import FORGET_ALL, KEEP_ALL
from bot.handlers.start import VERB as TRY
from bot.handlers.style import VERB as STYLE
from bot.replies import keyboards as buttons
from bot.services import Desk
from bot.settings import Settings
from bot.talk import Inline, Press, Talk, Talks
from bot.transport.rate_limiter import RateLimiter
from bot.transport.telegram_files import IMAGE

# The kinds of update that the handlers want.
UPDATES: Final = ("message", "edited_message", "callback_query", "my_chat_member", "inline_query")

NEW: Final = UpdateType.MESSAGE & ~StatusUpdate.ALL
EDITED: Final = UpdateType.EDITED_MESSAGE

GATE, DOOR = -2, -1  # groups of handlers before all others

HTTP_CONNECTIONS: Final = 64
HTTP_TIMEOUT_S: Final = 30.0

App = Application[Any, Any, Any, Any, Any, Any]
Callback = Callable[[Update, object], Coroutine[Any, Any, None]]


class PropagatingApplication(App):
    """An Application whose handlers' errors reach the caller of `process_update`, who knows what to do."""

    async def process_error(
        self,
        update: object | None,
        error: Exception,
        job: object | None = None,
        coroutine: object | None = None,
    ) -> bool:
        raise error


def build(settings: Settings, pace: RateLimiter) -> App:
    """The application, without handlers: it needs no network until it is initialized."""
    return (
        ApplicationBuilder()
        .application_class(PropagatingApplication)
        .token(settings.token)
        .base_url(f"{settings.api_url}/bot")
        .base_file_url(f"{settings.api_url}/file/bot")
        .rate_limiter(pace)
        .updater(None)
        .job_queue(None)
        .connection_pool_size(HTTP_CONNECTIONS)
        .pool_timeout(HTTP_TIMEOUT_S)
        .read_timeout(HTTP_TIMEOUT_S)
        .build()
    )


def handle(app: App, desk: Desk) -> None:
    """Register all handlers. The first whose filter fits an update gets it; no other sees it.

    Before them stand the gate (of a group's messages they see only those that are for the bot) and the door
    (they see nobody who may not come in).
    """
    messages, presses = _Messages(desk.talks), _Presses(desk.talks)
    commands = _commands(messages, desk)
    app.add_handlers(
        [
            *commands,
            *_messages(messages, desk),
            *_buttons(presses, desk),
            MessageHandler(StatusUpdate.MIGRATE, _of_message(desk.groups.moved)),
            ChatMemberHandler(_of_membership(desk.groups.joined)),
            InlineQueryHandler(_of_inline(desk.talks, desk.inline.receive)),
        ]
    )
    desk.gate.commands = frozenset(name for command in commands for name in command.commands)
    app.add_handler(TypeHandler(Update, desk.gate.check), group=GATE)
    app.add_handler(TypeHandler(Update, desk.door.check), group=DOOR)


def _commands(on: "_Messages", desk: Desk) -> list[CommandHandler[Any, Any]]:
    """Whatever is a command; the gate lets a group give these without a mention."""
    return [
        on.command(["start", "help"], desk.start.group, NEW & ~ChatType.PRIVATE),
        on.command("start", desk.start.start, NEW),
        on.command("help", desk.start.help, NEW),
        on.command("find", desk.finding.find, NEW),
        on.command("recent", desk.finding.recent, NEW),
        on.command("ask", desk.questions.ask, NEW),
        on.command("auto", desk.groups.auto, NEW),
        on.command("invite", desk.access.invite, NEW),
        on.command("revoke", desk.access.revoke, NEW),
        on.command("stats", desk.stats.show, NEW),
        on.command("lang", desk.languages.command, NEW),
        on.command("style", desk.styles.command, NEW),
        on.command("edit", desk.correcting.edit, NEW),
        on.command("forget", desk.keeping.forget, NEW),
        on.command("export", desk.exporting.export, NEW),
        on.command("privacy", desk.keeping.privacy, NEW),
    ]


def _messages(on: "_Messages", desk: Desk) -> list[BaseHandler[Any, Any, Any]]:
    return [
        on.message(NEW & IMAGE, desk.photos.receive),
        on.message(NEW & OnlyMention(), desk.groups.called),
        on.message(NEW & TEXT & ~COMMAND, desk.correcting.unless_asked(desk.questions.receive)),
        on.message(NEW & COMMAND, desk.start.unknown_command),
        on.message(NEW, desk.start.unsupported),
        on.command("ask", desk.questions.edited, EDITED),
        on.message(EDITED & IMAGE, desk.photos.edited),
        on.message(EDITED & TEXT & ~COMMAND, desk.questions.edited),
    ]


def _buttons(press: "_Presses", desk: Desk) -> list[CallbackQueryHandler[Any, Any]]:
    return [
        press.button(buttons.ASK, desk.captions.ask),
        press.button(buttons.DETAIL, desk.captions.detail),
        press.button(buttons.ANOTHER, desk.captions.another),
        press.button(buttons.IN_ENGLISH, desk.captions.english),
        press.button(buttons.DELETE, desk.captions.delete),
        press.button(buttons.REALLY, desk.captions.really),
        press.button(buttons.KEEP, desk.captions.keep),
        press.button(buttons.PICK, desk.picking.one),
        press.button(buttons.PICK_ALL, desk.picking.every),
        press.button(LANG, desk.languages.pressed),
        press.button(STYLE, desk.styles.pressed),
        press.button(TRY, desk.start.try_it),
        press.button(MORE, desk.finding.more),
        press.button(OLDER, desk.finding.older),
        press.button(SHOW, desk.finding.show),
        press.button(NEAR, desk.finding.near),
        press.button(buttons.EDIT, desk.correcting.pressed),
        press.button(FORGET_ALL, desk.keeping.forget_all),
        press.button(KEEP_ALL, desk.keeping.keep_all),
        press.unknown(desk.start.old_button),
    ]


def _of_message(act: Callable[[Message], Awaitable[None]]) -> Callback:
    async def callback(update: Update, _: object) -> None:
        if update.message:  # by the filter, always
            await act(update.message)

    return callback


def _of_membership(act: Callable[[ChatMemberUpdated], Awaitable[None]]) -> Callback:
    async def callback(update: Update, _: object) -> None:
        if update.my_chat_member:  # by the kind of handler, always
            await act(update.my_chat_member)

    return callback


def _of_inline(talks: Talks, act: Callable[[Inline], Awaitable[None]]) -> Callback:
    async def callback(update: Update, _: object) -> None:
        if update.inline_query:  # by the kind of handler, always
            await act(await talks.of_inline(update.inline_query))

    return callback


class _Messages:
    """Handlers of messages, each called with a Talk."""

    def __init__(self, talks: Talks) -> None:
        self._talks = talks

    def command(
        self, names: str | list[str], act: Callable[[Talk], Awaitable[None]], among: BaseFilter
    ) -> CommandHandler[Any, Any]:
        return CommandHandler(names, self._called(act), among)

    def message(self, among: BaseFilter, act: Callable[[Talk], Awaitable[None]]) -> MessageHandler[Any, Any]:
        return MessageHandler(among, self._called(act))

    def _called(self, act: Callable[[Talk], Awaitable[None]]) -> Callback:
        async def callback(update: Update, _: object) -> None:
            if message := update.message or update.edited_message:  # by the filters, always
                await act(await self._talks.of(message, update))

        return callback


class _Presses:
    """Handlers of buttons. A button's data is `verb` or `verb:asked`."""

    def __init__(self, talks: Talks) -> None:
        self._talks = talks

    def button(self, verb: str, act: Callable[[Press], Awaitable[None]]) -> CallbackQueryHandler[Any, Any]:
        return CallbackQueryHandler(self._called(act), re.compile(rf"{verb}(:|\Z)"))

    def unknown(self, act: Callable[[Press], Awaitable[None]]) -> CallbackQueryHandler[Any, Any]:
        """For whatever no other handler takes: buttons of an older version, or forged ones."""
        return CallbackQueryHandler(self._called(act))

    def _called(self, act: Callable[[Press], Awaitable[None]]) -> Callback:
        async def callback(update: Update, _: object) -> None:
            query = update.callback_query
            if query and isinstance(query.message, Message):
                asked = (query.data or "").partition(":")[2]
                await act(await self._talks.of_press(query, query.message, asked, update))

        return callback
