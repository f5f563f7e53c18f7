"""Runs items through an engine so that a failing item fails alone.

    split_on_oom              a batch that does not fit the device is run in halves
    run_isolating_failures    the same, and any other error is narrowed down to the items that cause it

After an unexpected error the engine must pass its self-check again. An engine that is broken for good raises
there and ends the worker before it spoils more jobs.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from vlm.engine.base import Engine
from vlm.errors import AfterimageError, EngineFailure, OutOfMemory

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

FAILED: Final = "Sorry, something went wrong on my side with this one. Please try again."
TOO_BIG: Final = "Sorry, this one needs more memory than I have. Please try a smaller picture."


def run_isolating_failures(
    engine: Engine, items: Sequence[Item], run: Callable[[Sequence[Item]], Sequence[Outcome]]
) -> list[Outcome | AfterimageError]:
    """`run(items)` as one batch; if it fails, item by item, so that only the failing items have an error.

    Raises:  what `engine.check` raises, if an unexpected error has left the engine unfit for work.
    """
    try:
        outcomes = split_on_oom(items, run)
        if len(outcomes) != len(items):  # otherwise jobs would get the texts of other jobs
            raise RuntimeError(f"{len(outcomes)} outcomes for {len(items)} jobs")
        return [_with_user_message(outcome) for outcome in outcomes]
    except AfterimageError as error:
        if len(items) == 1:
            return [error]
    except Exception:
        log.exception("engine failed on a batch of %d", len(items))
        engine.check()
        if len(items) == 1:
            return [EngineFailure(FAILED)]
    return [outcome for item in items for outcome in run_isolating_failures(engine, [item], run)]


def _with_user_message(outcome: Outcome | OutOfMemory) -> Outcome | AfterimageError:
    # The device's own message is for the log; the user is told what to do.
    return OutOfMemory(TOO_BIG) if isinstance(outcome, OutOfMemory) else outcome


def split_on_oom(
    items: Sequence[Item], run: Callable[[Sequence[Item]], Sequence[Outcome]]
) -> list[Outcome | OutOfMemory]:
    """`run(items)`, in as few runs as fit the memory: an outcome for each item, in order.

    An item that does not fit even alone gets its OutOfMemory as the outcome; other errors of `run` are
    raised.
    """
    if not items:
        return []
    try:
        return list(run(items))
    except OutOfMemory as error:
        if len(items) == 1:
            return [error.with_traceback(None)]  # its traceback would keep the tensors that did not fit
    # Outside of `except`, so that the memory of the failed run is free before the halves start.
    middle = len(items) // 2
    return split_on_oom(items[:middle], run) + split_on_oom(items[middle:], run)
