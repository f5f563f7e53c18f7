"""One batch through an engine: pictures and query tokens in, texts or errors out. No Redis, no torch.

    Sight   a picture's bytes, or query tokens from an earlier pass, or the error of getting either
    Words   the text or the error, and what a picture was encoded to

An error belongs to its job alone; the others of the batch never notice. What does not fit the device is run
in halves. After an error that nobody foresaw the engine must pass its self-check again: one that is broken
for good raises there, and ends the worker before it spoils more jobs.
"""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, NamedTuple, TypeVar

from PIL.Image import Image

from vlm.engine.base import Encoded, Engine, Prompt, QueryTokens
from vlm.engine.split_on_oom import split_on_oom
from vlm.errors import AfterimageError, EngineFailure, OutOfMemory
from vlm.images.opening import open_picture

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

ImageInput = bytes | QueryTokens | AfterimageError
Decoder = Callable[[Sequence[bytes]], list[Image | AfterimageError]]

FAILED: Final = "Sorry, something went wrong on my side with this one. Please try it again."
TOO_BIG: Final = "Sorry, this one needs more memory than I have. Please try a smaller picture."
WORDLESS: Final = (
    "Sorry, I could not find words for this one. Please ask in another way, or try another picture."
)


class Words(NamedTuple):
    """What became of one job."""

    text: str | AfterimageError
    encoded: Encoded | None = None


def open_here(pictures: Sequence[bytes]) -> list[Image | AfterimageError]:
    """The pictures, decoded in this process: for files of one's own. A worker's are strangers'."""
    return [_opened(picture) for picture in pictures]


def run_batch(
    engine: Engine,
    sights: Sequence[ImageInput],
    prompts: Sequence[Prompt],
    open_pictures: Decoder = open_here,
) -> list[Words]:
    """The words for each sight and prompt, in order, in one vision pass and one generation.

    Raises:  what `engine.check` raises, if an unforeseen error has left the engine unfit for work.
    """
    seen = _looked(engine, sights, open_pictures)
    pairs = [
        (one.tokens if isinstance(one, Encoded) else one, prompt)
        for one, prompt in zip(seen, prompts, strict=True)
        if not isinstance(one, AfterimageError)
    ]
    texts = iter(run_isolating_failures(engine, pairs, partial(_generated, engine)))
    return [Words(one) if isinstance(one, AfterimageError) else _words(one, next(texts)) for one in seen]


def _looked(
    engine: Engine, sights: Sequence[ImageInput], open_pictures: Decoder
) -> list[Encoded | QueryTokens | AfterimageError]:
    pictures = iter(open_pictures([sight for sight in sights if isinstance(sight, bytes)]))
    opened = [next(pictures) if isinstance(sight, bytes) else sight for sight in sights]
    images = [one for one in opened if isinstance(one, Image)]
    encoded = iter(run_isolating_failures(engine, images, engine.encode))
    return [next(encoded) if isinstance(one, Image) else one for one in opened]


def _opened(picture: bytes) -> Image | AfterimageError:
    try:
        return open_picture(picture)
    except AfterimageError as error:
        return error


def _generated(engine: Engine, pairs: Sequence[tuple[QueryTokens, Prompt]]) -> list[str]:
    return engine.generate([tokens for tokens, _ in pairs], [prompt for _, prompt in pairs])


def _words(seen: Encoded | QueryTokens, text: str | AfterimageError) -> Words:
    return Words(text or EngineFailure(WORDLESS), seen if isinstance(seen, Encoded) else None)


def run_isolating_failures(
    engine: Engine, items: Sequence[Item], run: Callable[[Sequence[Item]], Sequence[Outcome]]
) -> list[Outcome | AfterimageError]:
    """`run(items)`, where a failing item fails alone.

    Raises:  what `engine.check` raises, if an unforeseen error has left the engine unfit for work.
    """
    try:
        outcomes = split_on_oom(items, run)
        if len(outcomes) != len(items):  # or the jobs would get each other's words
            raise RuntimeError(f"{len(outcomes)} outcomes for {len(items)} jobs")
        return [_shown(outcome) for outcome in outcomes]
    except AfterimageError as error:
        if len(items) == 1:
            return [error]
    except Exception:
        log.exception("the engine failed on a batch of %d", len(items))
        engine.check()
        if len(items) == 1:
            return [EngineFailure(FAILED)]
    return [outcome for item in items for outcome in run_isolating_failures(engine, [item], run)]


def _shown(outcome: Outcome | OutOfMemory) -> Outcome | AfterimageError:
    # The device's own message is for the log; what to do next is for the user.
    return OutOfMemory(TOO_BIG) if isinstance(outcome, OutOfMemory) else outcome
