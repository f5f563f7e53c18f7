"""The commands of docs/operations.md make a backup, and bring all of it back when the server is lost."""

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from redis.asyncio import Redis
from support.memory_examples import CHAT, fill
from support.paths import ROOT
from support.queue_examples import running
from support.worker_examples import found, results, working

from bot.exports.exporter import EXPORTS
from bot.transport.journal import UPDATES
from vlm.engine.echo import EchoEngine
from vlm.memory import Memory
from vlm.queue import server
from vlm.queue.client import Client
from vlm.queue.connection import connect
from vlm.queue.keys import JOB_STREAMS, OPEN_JOBS_BY_CHAT, results_key

SECTION = (ROOT / "docs" / "operations.md").read_text().split("\n## Backup\n")[1].split("\n## ")[0]
COPY, RESTORE, FORGET, SNAPSHOT, LOAD_SNAPSHOT = re.findall(r"```bash\n(.*?)```", SECTION, re.DOTALL)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def follow(commands: str, folder: Path, port: int) -> None:
    """Do what the page says, at another port; a server that stays is started by the test."""
    commands = re.sub(r"^vlm server.*$", "", commands, flags=re.MULTILINE).replace("6379", str(port))
    path = f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}"
    environ = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=folder, env=environ, capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert run.returncode == 0 and "ERR" not in run.stdout, run.stdout + run.stderr


async def hits(redis: Redis, query: str) -> set[str]:
    """The photos that a worker finds."""
    await Client(redis).find(job=query, chat=CHAT, query=query)
    async with working(redis, EchoEngine()):
        [result] = await results(redis, query)
    return {hit.photo for hit in found(result).hits}


async def fill_and_open_jobs(redis: Redis) -> None:
    await fill(Memory(redis), CHAT, "10", "20", "30")
    await Client(redis).ask(job="under-way", chat=CHAT, photo="10", question="what?")
    await redis.xadd(UPDATES, {"update": b"{}"})


@pytest.mark.parametrize(
    ("back_up", "restore"), [(COPY, RESTORE), (SNAPSHOT, LOAD_SNAPSHOT)], ids=["files", "snapshot"]
)
async def test_what_was_backed_up_is_found_again_on_a_new_server(
    tmp_path: Path, back_up: str, restore: str
) -> None:
    port, data = free_port(), tmp_path / "data"
    lost = server.start(data, port=port)
    try:
        async with connect(lost.url) as redis:
            await fill_and_open_jobs(redis)
            before = await Memory(redis).get(CHAT, "20")
            follow(back_up, tmp_path, port)
            await fill(Memory(redis), CHAT, "40")
            assert (await redis.config_get("auto-aof-rewrite-percentage")) == {
                "auto-aof-rewrite-percentage": "100"
            }
    finally:
        lost.kill()
    shutil.rmtree(data)
    follow(restore, tmp_path, port)
    with running(data) as again:
        async with connect(again.url) as redis:
            assert await redis.xlen(UPDATES) == 1 and await Client(redis).backlog() == 1
        commands = FORGET.replace('redis-cli -u "$URL"', f"redis-cli -s {data / 'server.sock'}")
        follow(commands, tmp_path, port)
        async with connect(again.url) as redis:
            for key in (UPDATES, EXPORTS, OPEN_JOBS_BY_CHAT, results_key(), *JOB_STREAMS.values()):
                assert not await redis.exists(key), key
            memory = Memory(redis)
            assert await memory.ids(CHAT) == ["10", "20", "30"], "all of before, nothing of after"
            assert await memory.get(CHAT, "20") == before
            assert await hits(redis, "correction 20") == {"20"}
            assert await hits(redis, "correction 40") == set()
