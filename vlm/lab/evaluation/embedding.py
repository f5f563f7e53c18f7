"""Vectors of pictures and of their captions, and their similarities.

Letters:  N pictures, Q query tokens a picture, C captions of a picture, T texts in all, E width of a vector.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from vlm.engine.base import Encoded, Engine, Prompt
from vlm.engine.isolation import split_on_oom
from vlm.errors import AfterimageError
from vlm.images.opening import read_picture
from vlm.lab.evaluation.items import EvaluationItem
from vlm.lab.evaluation.predictions import Prediction, timed
from vlm.worker.decoder_pool import open_own_picture

AT_ONCE: Final = 64  # texts in one matrix product


def predict_vectors(
    engine: Engine, items: Sequence[EvaluationItem], batch: int
) -> Iterator[list[Prediction]]:
    """For each picture its vectors [Q, E], those of its captions [C, E], and the model's own caption."""
    for start in range(0, len(items), batch):
        begun_s = time.perf_counter()
        yield timed(_embedded(engine, items[start : start + batch]), begun_s)


def similarities(predictions: Sequence[Prediction], counts: Sequence[int]) -> NDArray[np.float32]:
    """The similarity of each text and each picture: the largest product with one of its Q vectors. [T, N]

    `counts` are the captions of each picture.
    """
    texts = np.concatenate(
        [_rows(prediction.texts, count) for prediction, count in zip(predictions, counts, strict=True)]
    )  # [T, E]
    width = texts.shape[1]
    vectors = np.stack([_vectors(prediction.pictures, width) for prediction in predictions])  # [N, Q, E]
    flat = vectors.reshape(-1, width).T  # [E, N * Q]
    parts = [
        (texts[start : start + AT_ONCE] @ flat).reshape(-1, *vectors.shape[:2]).max(axis=2)
        for start in range(0, len(texts), AT_ONCE)
    ]
    return np.concatenate(parts)


def _embedded(engine: Engine, items: Sequence[EvaluationItem]) -> list[Prediction]:
    pictures = [_open(item) for item in items]
    readable = [picture for picture in pictures if isinstance(picture, Image)]
    encoded = iter(split_on_oom(readable, lambda chunk: _encode(engine, chunk)))
    outcomes = [next(encoded) if isinstance(picture, Image) else picture for picture in pictures]
    return [_prediction(engine, item, outcome) for item, outcome in zip(items, outcomes, strict=True)]


def _encode(engine: Engine, pictures: Sequence[Image]) -> list[tuple[Encoded, str]]:
    """The encoded pictures and the model's captions: a search uses both."""
    encoded = engine.encode(pictures)
    prediction = engine.generate([picture.tokens for picture in encoded], [Prompt() for _ in encoded])
    return list(zip(encoded, prediction, strict=True))


def _open(item: EvaluationItem) -> Image | AfterimageError:
    try:
        return open_own_picture(read_picture(item.path))
    except AfterimageError as error:
        return error


def _prediction(
    engine: Engine, item: EvaluationItem, seen: tuple[Encoded, str] | AfterimageError
) -> Prediction:
    if isinstance(seen, AfterimageError):
        return Prediction(id=item.id, error=str(seen))
    encoded, prediction = seen
    if encoded.vectors is None:
        return Prediction(id=item.id, error="This model gives no vectors for a picture.")
    texts = engine.embed_text(item.references).astype(np.float16)  # [C, E]
    return Prediction(id=item.id, text=prediction, pictures=encoded.vectors.tobytes(), texts=texts.tobytes())


def _rows(raw: bytes, count: int) -> NDArray[np.float32]:
    return np.frombuffer(raw, np.float16).reshape(count, -1).astype(np.float32)


def _vectors(raw: bytes, width: int) -> NDArray[np.float32]:
    return np.frombuffer(raw, np.float16).reshape(-1, width).astype(np.float32)
