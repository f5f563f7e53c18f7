"""A worker that needs no model, as a program: `worker_process.py '{"url": ..., "name": ...}'`."""

import asyncio
import json
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vlm import protocol
from vlm.engine.base import Prompt, QueryTokens
from vlm.engine.echo import EchoEngine
from vlm.memory import Memory
from vlm.queue.broker import Broker
from vlm.queue.connection import connect
from vlm.worker.loop import Worker


class JournalEngine(EchoEngine):
    """Writes down each question before it works on it."""

    def __init__(self, journal: Path, **options: Any) -> None:
        super().__init__(**options)
        self._journal = journal

    def generate(self, tokens: Sequence[QueryTokens], prompts: Sequence[Prompt]) -> list[str]:
        with self._journal.open("a") as journal:
            journal.writelines(f"{prompt.question}\n" for prompt in prompts)
        return super().generate(tokens, prompts)


async def main(
    url: str,
    name: str,
    journal: str,
    lease_s: float,
    batch: int = 8,
    delay_s: float = 0.0,
    oom_above: int | None = None,
    poison: str = "-",
    hang: str = "-",
    hung_s: float | None = None,
    version: int = protocol.VERSION,
) -> None:
    protocol.VERSION = version  # type: ignore[misc]
    engine = JournalEngine(
        Path(journal),
        delay_s=delay_s,
        oom_above=oom_above,
        poison=lambda prompt: prompt.question == poison,
        hang=lambda prompt: prompt.question == hang,
    )
    async with connect(url) as redis:
        broker = Broker(redis, name=name, lease_s=lease_s)
        worker = Worker(broker, engine, Memory(redis), batch=batch, hung_s=hung_s)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
        await worker.run()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    asyncio.run(main(**json.loads(sys.argv[1])))
