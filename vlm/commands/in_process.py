"""`vlm caption` and `vlm ask` with a model in this process: no server, no worker."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from vlm.commands.output import Done, Outcome, failed
from vlm.engine.base import Engine, Prompt, Translated
from vlm.engine.localization import localized, question_in_english
from vlm.errors import AfterimageError
from vlm.images.opening import read_picture
from vlm.queue.client import clean_question
from vlm.text.languages import ENGLISH
from vlm.worker.decoder_pool import PATIENT_TIMEOUT_S, Decoder, DecoderPool
from vlm.worker.pipeline import ImageInput, answer_prompts


def describe_files(
    paths: Sequence[str],
    question: str | None,
    *,
    batch: int,
    load: Callable[[], Engine],
    language: str = ENGLISH,
) -> Iterator[Outcome]:
    """One outcome for each path, in order, in `language`. The model is loaded for the first readable file.

    Raises:  what `load` raises; Unsupported for a language that neither model nor translator speaks.
    """
    try:
        prompt = Prompt(question=None if question is None else clean_question(question), language=language)
    except AfterimageError as error:
        yield from (failed(path, error) for path in paths)
        return
    with DecoderPool(min(len(paths), batch, 4), timeout_s=PATIENT_TIMEOUT_S) as decoders:
        for start in range(0, len(paths), batch):
            yield from _batch(paths[start : start + batch], prompt, load, decoders.open)


def _batch(
    paths: Sequence[str], prompt: Prompt, load: Callable[[], Engine], decode: Decoder
) -> list[Outcome]:
    inputs = [_read(path) for path in paths]
    errors = [
        failed(path, error)
        for path, error in zip(paths, inputs, strict=True)
        if isinstance(error, AfterimageError)
    ]
    if len(errors) == len(paths):
        return [*errors]
    engine = load()
    started_s = time.perf_counter()
    prompts = [question_in_english(engine, prompt)] * len(inputs)
    texts = [outcome.text for outcome in answer_prompts(engine, inputs, prompts, decode)]
    english = [text for text in texts if isinstance(text, str)]
    translations = iter(localized(engine, english, prompt.language))
    seconds, model = time.perf_counter() - started_s, engine.info.name
    return [
        _done(path, next(translations), text, model, seconds) if isinstance(text, str) else failed(path, text)
        for path, text in zip(paths, texts, strict=True)
    ]


def _done(path: str, translation: Translated, english: str, model: str, seconds: float) -> Done:
    return Done(
        path,
        translation.text,
        model,
        seconds,
        english=english,
        stayed_english=translation.translation_failed,
    )


def _read(path: str) -> ImageInput:
    try:
        return read_picture(Path(path))
    except AfterimageError as error:
        return error
