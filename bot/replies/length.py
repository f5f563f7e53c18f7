"""Texts within Telegram's limits."""

from typing import Final

MAX_UNITS: Final = 4096  # of a text, in UTF-16 code units


def fitted(text: str, most: int = MAX_UNITS) -> str:
    """The text without halves of characters, cut with an ellipsis where Telegram would refuse its length."""
    units = text.encode("utf-16-le", "surrogatepass")  # two bytes each
    if len(units) <= 2 * most:
        return units.decode("utf-16-le", "ignore")
    return units[: 2 * (most - 1)].decode("utf-16-le", "ignore") + "…"
