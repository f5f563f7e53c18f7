"""Ends a process whose engine stands still, so that a supervisor starts it anew and its jobs are tried again.

A call that hangs in a driver never comes back to Python, cannot be cancelled, and may hold the interpreter's
lock. So the clock is one of C, by which the process ends whatever hangs, having said where each thread stood.
"""

import asyncio
import faulthandler
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

log = logging.getLogger(__name__)

HUNG_S: Final = 600.0  # several times what the largest model takes for a batch on two cores
LAST_WORDS_S: Final = 1.0


@contextmanager
def watched(limit_s: float | None) -> Iterator[None]:
    """What happens in here takes no longer than `limit_s`, or the process ends with status 1; None: no limit.

    For one piece of work at a time, in a running event loop.
    """
    if limit_s is None:
        yield
        return
    words = asyncio.get_running_loop().call_later(limit_s, _despair, limit_s)
    faulthandler.dump_traceback_later(limit_s + LAST_WORDS_S, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        words.cancel()


def _despair(limit_s: float) -> None:
    log.critical(
        "the model has stood still for %.0f seconds: this worker ends now, and its jobs are tried again."
        " If it was only slow, set a smaller VLM_BATCH",
        limit_s,
    )
