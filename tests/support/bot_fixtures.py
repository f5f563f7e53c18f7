"""One set of processes serves most tests, each in a chat of its own; a test that kills gets its own set."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from support.bot_stack import Person, Stack
from vlm.queue.connection import connect
from vlm.queue.server import start


@pytest.fixture(autouse=True)
def quiet_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the bot's main sets: a slow-down's seconds come as a timedelta, with no warning."""
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Sandbox, worker and bot, all running."""
    everything = Stack(tmp_path_factory.mktemp("stack"))
    try:
        everything.start_all()
        yield everything
    finally:
        everything.close()


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[Stack]:
    """A server of its own; the test starts and ends the parts."""
    everything = Stack(tmp_path)
    try:
        yield everything
    finally:
        everything.close()


@pytest.fixture
def person(stack: Stack) -> Iterator[Person]:
    """Somebody new. Troubles that the test orders end with it."""
    yield stack.person()
    stack.call("DELETE", "faults")


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server for tests of single parts."""
    server = start(tmp_path_factory.mktemp("redis"))
    try:
        yield server.url
    finally:
        server.kill()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with connect(redis_url) as connection:
        await connection.flushall()
        yield connection
