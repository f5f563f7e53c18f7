"""Ends the process if the engine hangs, so that a supervisor restarts it and its jobs are tried again.

A call that hangs in a driver never returns to Python, cannot be cancelled, and may hold the GIL. So the timer
is faulthandler's, which is written in C: it prints the traceback of each thread and ends the process.
"""

import asyncio
import faulthandler
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

log = logging.getLogger(__name__)

HUNG_S: Final = 600.0  # several times as long as the largest model takes for a batch on two cores
LOG_GRACE_S: Final = 1.0


@contextmanager
def watched(limit_s: float | None) -> Iterator[None]:
    """Ends the process with status 1 if the block takes longer than `limit_s`; None: no limit.

    For one block at a time, in a running event loop.
    """
    if limit_s is None:
        yield
        return
    warning = asyncio.get_running_loop().call_later(limit_s, _log_hang, limit_s)
    faulthandler.dump_traceback_later(limit_s + LOG_GRACE_S, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        warning.cancel()


def _log_hang(limit_s: float) -> None:
    log.critical(
        "engine hung for %.0f s, ending this worker; its jobs are tried again."
        " If it was only slow, set a smaller VLM_BATCH",
        limit_s,
    )
