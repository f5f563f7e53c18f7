"""What the bot reacts to: every handler, in one place."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

from telegram import Message, Update
from telegram.ext import Application, ApplicationBuilder, CommandHandler, MessageHandler
from telegram.ext.filters import COMMAND, TEXT, ChatType, StatusUpdate, UpdateType

from bot.handlers.photos import Photos
from bot.handlers.questions import Questions
from bot.handlers.start import Start
from bot.outbox import Outbox
from bot.pictures import IMAGE, Pictures
from bot.presence import Presence
from bot.settings import Settings
from vlm.client import Client

# The kinds of update that the handlers want. Not handled: edited messages; the first version was answered.
UPDATES: Final = ("message",)

HTTP_CONNECTIONS: Final = 64
HTTP_TIMEOUT_S: Final = 30.0

App = Application[Any, Any, Any, Any, Any, Any]


class Raising(App):
    """An Application whose handlers' errors reach the caller of `process_update`, who knows what to do."""

    async def process_error(
        self,
        update: object | None,
        error: Exception,
        job: object | None = None,
        coroutine: object | None = None,
    ) -> bool:
        raise error


def build(settings: Settings) -> App:
    """The application, without handlers: it needs no network until it is initialized."""
    return (
        ApplicationBuilder()
        .application_class(Raising)
        .token(settings.token)
        .base_url(f"{settings.api_url}/bot")
        .base_file_url(f"{settings.api_url}/file/bot")
        .updater(None)
        .job_queue(None)
        .connection_pool_size(HTTP_CONNECTIONS)
        .pool_timeout(HTTP_TIMEOUT_S)
        .read_timeout(HTTP_TIMEOUT_S)
        .build()
    )


def handle(app: App, settings: Settings, client: Client, outbox: Outbox, presence: Presence) -> None:
    """Register all handlers. The first whose filter fits a message gets it; no other sees it."""
    pictures = Pictures(app.bot)
    photos = Photos(client, outbox, pictures, presence, picture_px=settings.picture_px)
    questions = Questions(client, outbox, pictures, presence, photos)
    start = Start(client, outbox)

    new = UpdateType.MESSAGE & ~StatusUpdate.ALL
    private = new & ChatType.PRIVATE

    app.add_handlers(
        [
            CommandHandler(["start", "help"], _on(start.group), new & ~ChatType.PRIVATE),
            CommandHandler("start", _on(start.start), private),
            CommandHandler("help", _on(start.help), private),
            MessageHandler(private & IMAGE, _on(photos.receive)),
            MessageHandler(private & TEXT & ~COMMAND, _on(questions.receive)),
            MessageHandler(private & COMMAND, _on(start.unknown_command)),
            MessageHandler(private, _on(start.unsupported)),
        ]
    )


def _on(act: Callable[[Message], Awaitable[None]]) -> Callable[[Update, object], Coroutine[Any, Any, None]]:
    """The callback of a handler whose filter lets only messages through."""

    async def callback(update: Update, _: object) -> None:
        if update.message:
            await act(update.message)

    return callback
