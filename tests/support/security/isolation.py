"""`python -m support.security.isolation [OPERATIONS]`: 10,000 operations in 56 chats, until one leaks."""

import sys
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from support.security.isolation_machine import Isolation
from support.security.isolation_world import CHATS
from vlm.queue.server import start

STEPS = 200  # an example
BESIDE = ("photo at first", "calls to Telegram", "that showed a photo or its words")


def run(url: str, minimum: int, steps: int = STEPS, number: int = 1) -> None:
    """Run at least `minimum` operations, not counting the first photos. Raises at the first leak."""
    Isolation.url = url
    Isolation.count.clear()
    while (missing := minimum - operations()) > 0:
        options = settings(
            max_examples=-(-missing // steps),
            stateful_step_count=steps,
            phases=[Phase.generate],  # an example takes seconds: one that fails is told as it is
            suppress_health_check=list(HealthCheck),
            deadline=None,
            database=None,
        )
        run_state_machine_as_test(seed(number)(Isolation), settings=options)
        number += 1


def operations() -> int:
    """The number of operations so far."""
    return sum(count for name, count in Isolation.count.items() if name not in BESIDE)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = start(Path(folder))
        try:
            run(server.url, int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
        finally:
            server.kill()
    for name, count in Isolation.count.most_common():
        print(f"{count:7,} {name}")
    print(f"{operations():,} operations in {CHATS} chats, 0 leaks")


if __name__ == "__main__":
    main()
