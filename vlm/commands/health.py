"""`vlm health`: does the server answer, does a worker live?

A worker's heart beats only while it reaches the server, so this finds more than a dead process.
"""

import asyncio
import os
from secrets import token_hex
from socket import gethostname
from typing import Any

from vlm.commands.output import put, remark
from vlm.errors import Unavailable
from vlm.protocol import ModelInfo
from vlm.queue.client import Client
from vlm.queue.connection import connect
from vlm.queue.keys import JOB_STREAMS, WORKERS, worker_key


def check(url: str, *, here: bool) -> int:
    """Say which models work for the server at `url`. The exit status: 1 if it is away or nobody works.

    `here` asks for a worker of this machine, or this container.
    """
    try:
        models = asyncio.run(_models(url, here))
    except Unavailable as error:
        remark(str(error))
        return 1
    if not models:
        remark("The Redis server answers, but no worker is alive. Start one with `vlm worker`.")
        return 1
    put(f"well: {', '.join(sorted(model.name for model in models))}")
    return 0


def worker_name() -> str:
    """What a worker in this process is called among all that share the queue.

    The tail tells apart containers, whose hosts and process numbers may be the same.
    """
    return f"{gethostname()}-{os.getpid()}-{token_hex(4)}"


async def _models(url: str, here: bool) -> list[ModelInfo]:
    async with Client.connect(url) as client:
        models = await client.models()
    return models if not here or await _is_here(url) else []


async def _is_here(url: str) -> bool:
    mine = f"{gethostname()}-".encode()
    async with connect(url) as redis:
        consumers: list[Any] = [
            one for stream in JOB_STREAMS.values() for one in await redis.xinfo_consumers(stream, WORKERS)
        ]
        beats = [worker_key(one["name"].decode()) for one in consumers if one["name"].startswith(mine)]
        return bool(beats and await redis.exists(*beats))
