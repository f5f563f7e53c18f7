"""What a placeholder says while others come first."""

from math import ceil
from typing import Final

from bot.i18n.translator import Translator

LEAST_S: Final = 5  # what is shorter is not worth reading


def in_line(t: Translator, ahead: int, wait_s: float | None) -> str:
    """How many come first and how long that takes, if it is known; '' when it is hardly any time."""
    if ahead < 1 or (wait_s is not None and wait_s < LEAST_S):
        return ""
    line = t.many("In line: {n} comes before you.", "In line: {n} come before you.", ahead)
    return f"{line} {_about(t, wait_s)} …" if wait_s is not None else f"{line[:-1]} …"


def minute_full(t: Translator, most: int) -> str:
    return t(
        "Telegram lets me write {most} messages a minute to a group. The other answers come a little later; "
        "none is lost.",
        most=most,
    )


def _about(t: Translator, wait_s: float) -> str:
    """Rounded, as a guess should be: it also changes less often."""
    if wait_s < 55:
        step = 5 if wait_s < 30 else 10
        return t.many("About {n} second", "About {n} seconds", step * ceil(wait_s / step))
    return t.many("About {n} minute", "About {n} minutes", ceil(wait_s / 60))
