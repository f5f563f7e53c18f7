"""`vlm caption` and `vlm ask` through the queue: the running workers do the work."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final
from uuid import uuid4

from vlm.commands.output import Done, Failed, Outcome, failed
from vlm.errors import AfterimageError, ProtocolError, QueueFull, TimedOut
from vlm.images.opening import read_picture
from vlm.protocol import Answered, Found, Refused, Result
from vlm.queue.client import Client

CHAT: Final = 0  # not the id of any Telegram chat; nothing is remembered for it
CHAT_MAX: Final = 1_000_000  # all runs of the command share this chat, so only the total limit applies
WINDOW: Final = 32  # pictures in the queue at once: the batches of a few workers
PATIENCE_S: Final = 600.0  # without a result: a full-size model on a CPU takes minutes for a batch
FULL_PAUSE_S: Final = 1.0


async def describe_files(
    client: Client, paths: Sequence[str], question: str | None
) -> AsyncIterator[Outcome]:
    """One outcome for each path, in order, from the running workers."""
    run = f"cli-{uuid4().hex}"
    for start in range(0, len(paths), WINDOW):
        jobs = {f"{run}-{start + n}": path for n, path in enumerate(paths[start : start + WINDOW])}
        async for outcome in _window(client, jobs, question, results=f"results:{run}"):
            yield outcome


async def _window(
    client: Client, jobs: dict[str, str], question: str | None, results: str
) -> AsyncIterator[Outcome]:
    """The outcomes of `jobs` (id -> path), submitted together, in order."""
    outcomes: dict[str, Outcome] = {}
    for job, path in jobs.items():
        try:
            await _submit(client, job, path, question, results)
        except AfterimageError as error:
            outcomes[job] = failed(path, error)
    order = list(jobs)
    try:
        async for result in client.wait(jobs.keys() - outcomes, results=results, timeout_s=PATIENCE_S):
            outcomes[result.job] = _outcome(jobs[result.job], result)
            while order and order[0] in outcomes:
                yield outcomes[order.pop(0)]
    except TimedOut as error:
        for job in jobs.keys() - outcomes:
            outcomes[job] = failed(jobs[job], error)
    for job in order:
        yield outcomes[job]


async def _submit(client: Client, job: str, path: str, question: str | None, results: str) -> None:
    """Submit one picture; retry while the queue is full."""
    picture = read_picture(Path(path))
    deadline_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            if question is None:
                await client.caption(
                    job=job, chat=CHAT, photo=None, picture=picture, priority="bulk", results=results
                )
            else:
                await client.ask(
                    job=job,
                    chat=CHAT,
                    photo=None,
                    question=question,
                    picture=picture,
                    priority="bulk",
                    results=results,
                )
            return
        except QueueFull:
            if time.monotonic() > deadline_s:
                raise
        await asyncio.sleep(FULL_PAUSE_S)


def _outcome(path: str, result: Result) -> Outcome:
    match result.outcome:
        case Answered(text=text):
            return Done(path, text, result.model, result.ran_ms / 1000)
        case Refused() as refused:
            return Failed(path, refused.code, refused.text)
        case Found():
            raise ProtocolError(f"a search's result for the picture {path}")
