"""Polling survives errors of Telegram and Redis, and confirms only what the journal holds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis
from support.bot_stack import Person, Stack, until
from telegram import Bot
from telegram.error import InvalidToken
from telegram.request import HTTPXRequest

from bot.transport.journal import UPDATES, Journal
from bot.transport.polling import Poller
from vlm.queue.tasks import cancel_all


@pytest.fixture
def telegram(own_stack: Stack) -> Stack:
    """Only the sandbox: the poller under test is the one bot."""
    own_stack.start_sandbox()
    return own_stack


@asynccontextmanager
async def polling(telegram: Stack, redis: Redis) -> AsyncIterator[asyncio.Task[None]]:
    async with Bot("1:token", base_url=f"{telegram.page}/bot", request=HTTPXRequest()) as bot:
        task = asyncio.create_task(Poller(bot, Journal(redis), ["message"]).run())
        try:
            yield task
        finally:
            await cancel_all(task)


async def kept(redis: Redis, count: int) -> None:
    async def enough() -> bool:
        return bool(await redis.xlen(UPDATES) >= count)

    await until(enough)


async def test_what_is_written_reaches_the_journal(telegram: Stack, redis: Redis) -> None:
    person = Person(telegram)
    person.write("before anyone asked")
    async with polling(telegram, redis):
        await kept(redis, 1)
        person.write("while somebody asks")
        await kept(redis, 2)


@pytest.mark.parametrize("fault", [{"status": 502}, {"status": 409}, {"cut": "after"}])
async def test_an_update_outlives_telegrams_troubles(
    telegram: Stack, redis: Redis, fault: dict[str, object]
) -> None:
    telegram.inject_fault(method="getUpdates", times=1, **fault)
    Person(telegram).write("hello")
    async with polling(telegram, redis):
        await kept(redis, 1)
    assert await redis.xlen(UPDATES) == 1


async def test_a_webhook_that_was_left_behind_is_removed(telegram: Stack, redis: Redis) -> None:
    async with Bot("1:token", base_url=f"{telegram.page}/bot") as bot:
        await bot.set_webhook("http://127.0.0.1:9/nobody")
    Person(telegram).write("hello")
    async with polling(telegram, redis):
        await kept(redis, 1)


async def test_what_the_journal_does_not_hold_is_not_confirmed(telegram: Stack, redis: Redis) -> None:
    """The process ends between fetching and keeping: the next one fetches the same again."""
    Person(telegram).write("hello")
    await redis.set(UPDATES, "a string, so that no entry can be added")
    async with polling(telegram, redis) as task:
        await asyncio.wait([task])  # the journal's error ends it
        assert task.exception()
    await redis.delete(UPDATES)
    async with polling(telegram, redis):
        await kept(redis, 1)


async def test_a_second_poller_waits_until_the_first_has_ended(
    telegram: Stack, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    person = Person(telegram)
    async with polling(telegram, redis):
        person.write("one")
        await kept(redis, 1)
        async with polling(telegram, redis):
            person.write("two")
            await kept(redis, 2)
            assert "another program polls" not in caplog.text
    async with polling(telegram, redis):
        person.write("three")
        await kept(redis, 3)


async def test_a_rejected_token_is_the_end_of_it(telegram: Stack, redis: Redis) -> None:
    telegram.inject_fault(method="getUpdates", status=401)
    async with polling(telegram, redis) as task:
        await asyncio.wait([task])
        with pytest.raises(InvalidToken):
            task.result()
