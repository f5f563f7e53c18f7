"""An injected fault: it happens once, at a moment of the load, and ends."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from support.faults.harness import Harness

Act = Callable[[Harness, random.Random], Awaitable[None]]


@dataclass(frozen=True)
class InjectedFault:
    """`loses`: what is lost is counted and not held against it; `prelude` and `by_webhook` as for Harness."""

    name: str
    act: Act
    about: str
    loses: bool = False
    prelude: str = ""
    by_webhook: bool = False
