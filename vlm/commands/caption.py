"""`vlm caption` and `vlm ask`: by a running worker, or else with a model in this process."""

import asyncio
from collections.abc import Sequence
from functools import cache

from vlm.commands import via_queue
from vlm.commands.in_process import describe_files
from vlm.commands.models import load_engine
from vlm.commands.output import Lines
from vlm.engine.base import Engine
from vlm.errors import Unavailable
from vlm.queue.client import Client
from vlm.settings import Settings
from vlm.text.languages import ENGLISH, code_of


def describe(
    paths: Sequence[str],
    question: str | None,
    *,
    as_json: bool,
    settings: Settings,
    language: str,
    by_queue: bool,
) -> int:
    """Caption the pictures at `paths`, or ask `question` about each. The exit status: 1 if a picture failed.

    by_queue   use running workers if there are any; for English only
    Raises:    ModelNotFound, BadSetting or OutOfMemory for a model that cannot be loaded in this process;
               Unsupported for a language that neither model nor translator speaks.
    """
    lines = Lines(question=question, total=len(paths), as_json=as_json, language=code_of(language))
    by_queue = by_queue and lines.language == ENGLISH
    try:
        if not (by_queue and asyncio.run(_ask_workers(paths, question, lines, settings.redis_url))):
            load = cache(lambda: _announced(load_engine(settings), lines))
            for outcome in describe_files(
                paths, question, batch=settings.batch, load=load, language=language
            ):
                lines.write(outcome)
    finally:
        lines.close()
    return 1 if lines.any_failed else 0


async def _ask_workers(paths: Sequence[str], question: str | None, lines: Lines, url: str) -> bool:
    """True if a worker was running, and has described the pictures."""
    try:
        async with Client.connect(url, chat_max=via_queue.CHAT_MAX) as client:
            if models := await client.models():
                lines.remark_speciality(models[0])
                async for outcome in via_queue.describe_files(client, paths, question):
                    lines.write(outcome)
                return True
        lines.remark("No worker is running, so the model is loaded here. Start one with `vlm worker`.")
    except Unavailable as error:
        lines.remark(f"{error} Until then the model is loaded here.")
    return False


def _announced(engine: Engine, lines: Lines) -> Engine:
    lines.remark_speciality(engine.info)
    return engine
