"""Captions and answers for many pictures, through the engine that serves users: one vision pass a picture."""

import time
from collections.abc import Iterator, Sequence
from itertools import groupby

from vlm.engine.base import Engine, Prompt
from vlm.errors import AfterimageError
from vlm.images.opening import read_picture
from vlm.lab.evaluation.items import EvaluationItem
from vlm.lab.evaluation.predictions import Prediction, timed
from vlm.worker.pipeline import EMPTY_TEXT, ImageInput, JobOutcome, answer_prompts


def predict_texts(engine: Engine, items: Sequence[EvaluationItem], batch: int) -> Iterator[list[Prediction]]:
    """Captions, or answers where items ask; `batch` prompts at once.

    Questions about one picture are grouped; the later ones reuse the query tokens of the first.
    """
    pictures = [list(group) for _, group in groupby(items, key=lambda item: item.unit)]
    for start in range(0, len(pictures), batch):
        begun_s = time.perf_counter()
        predictions = _predict(engine, pictures[start : start + batch], batch)
        yield timed(predictions, begun_s)


def _predict(engine: Engine, pictures: Sequence[Sequence[EvaluationItem]], batch: int) -> list[Prediction]:
    """Predictions for some pictures, each with all its questions."""
    first = [group[0] for group in pictures]
    inputs = [_read(item) for item in first]
    outcomes = _run(engine, first, inputs)
    predictions = [_prediction(item, outcome) for item, outcome in zip(first, outcomes, strict=True)]
    kept = [
        outcome.encoded.tokens if outcome.encoded else image_input
        for outcome, image_input in zip(outcomes, inputs, strict=True)
    ]
    later = [
        (item, image_input) for group, image_input in zip(pictures, kept, strict=True) for item in group[1:]
    ]
    for start in range(0, len(later), batch):
        group = later[start : start + batch]
        outcomes = _run(engine, [item for item, _ in group], [image_input for _, image_input in group])
        predictions += [
            _prediction(item, outcome) for (item, _), outcome in zip(group, outcomes, strict=True)
        ]
    return predictions


def _run(engine: Engine, items: Sequence[EvaluationItem], inputs: Sequence[ImageInput]) -> list[JobOutcome]:
    return answer_prompts(engine, inputs, [Prompt(question=item.prompt or None) for item in items])


def _read(item: EvaluationItem) -> ImageInput:
    try:
        return read_picture(item.path)
    except AfterimageError as error:
        return error


def _prediction(item: EvaluationItem, outcome: JobOutcome) -> Prediction:
    if isinstance(outcome.text, str):
        return Prediction(id=item.id, text=outcome.text)
    if str(outcome.text) == EMPTY_TEXT:
        return Prediction(id=item.id)  # nothing said is a bad answer, not a broken picture
    return Prediction(id=item.id, error=str(outcome.text))
