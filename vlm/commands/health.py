"""`vlm health`: does the Redis server answer, and is a worker alive?

A worker sends heartbeats only while it reaches the server, so this finds more than a dead process.
"""

import argparse
from socket import gethostname
from typing import Any, Final

from vlm.commands.options import add_command, add_redis
from vlm.commands.output import put, remark
from vlm.errors import Unavailable
from vlm.settings import Settings

HEALTH: Final = """\
Check that the Redis server answers and that at least one worker is alive; prints the models of the workers.
For scripts and containers: the exit status is 0 or 1.
"""


def add_parser(commands: Any) -> None:
    """Add the command."""
    health = add_command(commands, "health", "check that a server and a worker are alive", HEALTH, run=run)
    add_redis(health)
    health.add_argument("--here", action="store_true", help="only workers of this machine or container")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the models that work. The exit status: 1 if the server is away or no worker is alive."""
    import asyncio

    try:
        models = asyncio.run(_models(settings.redis_url, gethostname() if arguments.here else ""))
    except Unavailable as error:
        remark(str(error))
        return 1
    if not models:
        remark("The Redis server answers, but no worker is alive. Start one with `vlm worker`.")
        return 1
    put(f"well: {', '.join(sorted(models))}")
    return 0


async def _models(url: str, host: str) -> list[str]:
    """The names of the models of live workers on `host` ('': on any)."""
    from vlm.ops.health import is_on_host
    from vlm.queue.client import Client

    async with Client.connect(url) as client:
        workers = await client.workers()
    return [model.name for worker, model in workers.items() if is_on_host(worker, host)]
