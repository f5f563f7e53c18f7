"""From the journal to the handlers: which errors are told to the user, and which are retried."""

import json
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError
from support.bot_stack import Person, Stack, picture
from telegram import Update
from telegram.ext import MessageHandler, filters

from bot import app
from bot.settings import Settings
from bot.transport.outbox import Outbox
from bot.transport.rate_limiter import RateLimiter
from bot.transport.updates import App, UpdateHandler
from vlm.memory import Memory
from vlm.queue.client import Client
from vlm.queue.connection import connect
from vlm.queue.streams import Entry


@pytest.fixture
async def application(stack: Stack, redis: Redis) -> AsyncIterator[App]:
    """One that talks to the sandbox, and has no handlers yet."""
    settings = Settings(token="1:sandbox-token", api_url=stack.page)
    async with app.build(settings, RateLimiter(redis)) as application:
        yield application


def entry(chat: int, message: int) -> Entry:
    """A text in the journal."""
    message_json = {
        "message_id": message,
        "date": 1,
        "text": "What is it?",
        "chat": {"id": chat, "type": "private"},
    }
    return Entry("", "1-0", {b"update": json.dumps({"update_id": 1, "message": message_json}).encode()})


def updates(application: App, redis: Redis) -> UpdateHandler:
    memory = Memory(redis)
    return UpdateHandler(application, memory, Outbox(application.bot, redis, memory))


async def test_a_queue_that_is_away_refuses_nobody_and_is_tried_again(
    application: App, person: Person, redis: Redis
) -> None:
    async with connect("redis://127.0.0.1:1/0") as nobody:

        async def submit(update: Update, _: object) -> None:
            await Client(nobody).caption(job="a", chat=person.chat, photo=None, picture=picture())

        application.add_handler(MessageHandler(filters.ALL, submit))
        message = person.write("/help")
        person.answer(message)
        with pytest.raises(ConnectionError):
            await updates(application, redis).handle(entry(person.chat, message))
    assert len(person.replies(message)) == 1


async def test_a_refusal_is_told_and_done_with(application: App, person: Person, redis: Redis) -> None:
    async def submit(update: Update, _: object) -> None:
        await Client(redis, queue_max=0).caption(job="a", chat=person.chat, photo=None, picture=picture())

    application.add_handler(MessageHandler(filters.ALL, submit))
    message = person.write("/help")
    person.answer(message)
    await updates(application, redis).handle(entry(person.chat, message))
    assert "too much to do" in person.replies(message)[-1]["text"]
