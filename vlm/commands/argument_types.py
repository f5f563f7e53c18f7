"""Numbers as they are typed after an option; what is none of them is told in words."""

from argparse import ArgumentTypeError


def counting(text: str) -> int:
    """1, 2, 3 ..."""
    return _from(1, text)


def seed(text: str) -> int:
    """0, 1, 2 ..."""
    return _from(0, text)


def _from(least: int, text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) < least:
        raise ArgumentTypeError(f"{text!r} is not a whole number from {least} on")
    return int(text)
