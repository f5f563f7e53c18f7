"""`python -m support.security.formatting [STRINGS]`: 100,000 hostile strings in all that the bot says."""

import sys
from itertools import islice

from support.security.bot_api import faults
from support.security.hostile_words import words
from support.security.renderings import calls

SEED = 20260101


def run(strings: int, seed: int = SEED) -> int:
    """How many calls were checked. Raises AssertionError at the first that the Bot API would refuse."""
    checked, before = 0, ""
    for n, word in enumerate(islice(words(seed), strings)):
        for call in calls(n, word, before if n % 2 else word):
            wrong = list(faults(call))
            assert not wrong, f"string {n}, {word!r:.200}: {wrong} in {call!r:.400}"
            checked += 1
        before = word
    return checked


def main() -> None:
    strings = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    print(f"{strings:,} strings in {run(strings):,} calls, 0 of them refused")


if __name__ == "__main__":
    main()
