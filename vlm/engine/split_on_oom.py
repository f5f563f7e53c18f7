"""A batch that does not fit the device is run in halves, until only what cannot fit alone has failed."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from vlm.errors import OutOfMemory

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


def split_on_oom(
    items: Sequence[Item], run: Callable[[Sequence[Item]], Sequence[Outcome]]
) -> list[Outcome | OutOfMemory]:
    """`run(items)`, in as few runs as fit the memory: an outcome for each item, in order.

    An item that does not fit even alone has its OutOfMemory as the outcome; other errors of `run` are raised.
    """
    if not items:
        return []
    try:
        return list(run(items))
    except OutOfMemory as error:
        if len(items) == 1:
            return [error.with_traceback(None)]  # its traceback would keep the tensors that did not fit
    # Outside of `except`, so that what the failed run held is free before the halves start.
    middle = len(items) // 2
    return split_on_oom(items[:middle], run) + split_on_oom(items[middle:], run)
