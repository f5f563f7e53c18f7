"""Most tests share one set of processes, each test in its own chat; a test that kills has its own set."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from support.bot_stack import Person, Stack
from vlm.queue.connection import connect
from vlm.queue.server import start


@pytest.fixture(autouse=True)
def quiet_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the bot's main does: `RetryAfter` has a timedelta, without a warning."""
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
    """Only the server runs; the test starts and stops the other parts."""
    everything = Stack(tmp_path)
    try:
        yield everything
    finally:
        everything.close()


@pytest.fixture
def person(stack: Stack) -> Iterator[Person]:
    """A new user. Faults that the test injects end with the test."""
    yield stack.person()
    stack.call("DELETE", "faults")


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server for tests of a single part."""
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
