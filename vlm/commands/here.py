"""Pictures and a model in this process: no server, no worker."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from vlm.batch import Sight, run_batch
from vlm.client import clean_question
from vlm.commands.lines import Done, Outcome, failed
from vlm.engine.base import Engine, Prompt
from vlm.errors import AfterimageError
from vlm.images import read_picture


def look(
    paths: Sequence[str], question: str | None, *, batch: int, load: Callable[[], Engine]
) -> Iterator[Outcome]:
    """One outcome for each path, in order. The model is loaded for the first file that can be read."""
    try:
        prompt = Prompt(question=None if question is None else clean_question(question))
    except AfterimageError as error:
        yield from (failed(path, error) for path in paths)
        return
    for start in range(0, len(paths), batch):
        yield from _batch(paths[start : start + batch], prompt, load)


def _batch(paths: Sequence[str], prompt: Prompt, load: Callable[[], Engine]) -> list[Outcome]:
    sights = [_read(path) for path in paths]
    errors = [
        failed(path, one) for path, one in zip(paths, sights, strict=True) if isinstance(one, AfterimageError)
    ]
    if len(errors) == len(paths):
        return [*errors]
    engine = load()
    started_s = time.perf_counter()
    words = run_batch(engine, sights, [prompt] * len(sights))
    seconds, model = time.perf_counter() - started_s, engine.info.name
    return [
        Done(path, one.text, model, seconds) if isinstance(one.text, str) else failed(path, one.text)
        for path, one in zip(paths, words, strict=True)
    ]


def _read(path: str) -> Sight:
    try:
        return read_picture(Path(path))
    except AfterimageError as error:
        return error
