"""Pictures and a model in this process: no server, no worker."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from vlm.commands.output import Done, Outcome, failed
from vlm.engine.base import Engine, Prompt, Translated
from vlm.errors import AfterimageError
from vlm.images.opening import read_picture
from vlm.queue.client import clean_question
from vlm.text.languages import ENGLISH
from vlm.text.translation import in_english, in_language
from vlm.worker.batch import ImageInput, run_batch


def look(
    paths: Sequence[str],
    question: str | None,
    *,
    batch: int,
    load: Callable[[], Engine],
    language: str = ENGLISH,
) -> Iterator[Outcome]:
    """One outcome for each path, in order, in that language. The model is loaded for the first readable file.

    Raises:  what loading raises; Unsupported for a language that nobody speaks.
    """
    try:
        prompt = Prompt(question=None if question is None else clean_question(question), language=language)
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
    words = run_batch(engine, sights, [in_english(engine, prompt)] * len(sights))
    texts = [one.text for one in words if isinstance(one.text, str)]
    said = iter(in_language(engine, texts, prompt.language))
    seconds, model = time.perf_counter() - started_s, engine.info.name
    return [
        _done(path, next(said), one.text, model, seconds)
        if isinstance(one.text, str)
        else failed(path, one.text)
        for path, one in zip(paths, words, strict=True)
    ]


def _done(path: str, said: Translated, english: str, model: str, seconds: float) -> Done:
    return Done(path, said.text, model, seconds, english=english, stayed_english=said.fell_back)


def _read(path: str) -> ImageInput:
    try:
        return read_picture(Path(path))
    except AfterimageError as error:
        return error
