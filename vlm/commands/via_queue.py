"""Pictures by way of the queue, for the workers that run already: nothing is loaded here."""

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

CHAT: Final = 0  # no Telegram chat has this id, and nothing is remembered for it
CHAT_MAX: Final = 1_000_000  # every run of the command shares that chat, so only the total is limited
WINDOW: Final = 32  # pictures on their way at once: a few workers' batches
PATIENCE_S: Final = 600.0  # without any answer: a full-size model on a CPU takes minutes for a batch
FULL_PAUSE_S: Final = 1.0


async def look(client: Client, paths: Sequence[str], question: str | None) -> AsyncIterator[Outcome]:
    """One outcome for each path, in order, as answered by the live workers."""
    run = f"cli-{uuid4().hex}"
    for start in range(0, len(paths), WINDOW):
        jobs = {f"{run}-{start + n}": path for n, path in enumerate(paths[start : start + WINDOW])}
        async for outcome in _window(client, jobs, question, results=f"results:{run}"):
            yield outcome


async def _window(
    client: Client, jobs: dict[str, str], question: str | None, results: str
) -> AsyncIterator[Outcome]:
    """Outcomes of `jobs` (id -> path), submitted together, in order."""
    ended: dict[str, Outcome] = {}
    for job, path in jobs.items():
        try:
            await _submit(client, job, path, question, results)
        except AfterimageError as error:
            ended[job] = failed(path, error)
    order = list(jobs)
    try:
        async for result in client.wait(jobs.keys() - ended, results=results, timeout_s=PATIENCE_S):
            ended[result.job] = _outcome(jobs[result.job], result)
            while order and order[0] in ended:
                yield ended[order.pop(0)]
    except TimedOut as error:
        for job in jobs.keys() - ended:
            ended[job] = failed(jobs[job], error)
    for job in order:
        yield ended[job]


async def _submit(client: Client, job: str, path: str, question: str | None, results: str) -> None:
    """Submit one picture, and wait at the door of a full queue."""
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
