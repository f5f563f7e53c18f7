"""What all replies are built with: texts cut to Telegram's limits, and buttons in rows."""

from collections.abc import Sequence
from typing import Final

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

MAX_UNITS: Final = 4096  # of a text, in UTF-16 code units


def truncate(text: str, max_units: int = MAX_UNITS) -> str:
    """The text without lone surrogates, cut with an ellipsis where Telegram would refuse its length."""
    units = text.encode("utf-16-le", "surrogatepass")  # two bytes each
    if len(units) <= 2 * max_units:
        return units.decode("utf-16-le", "ignore")
    return units[: 2 * (max_units - 1)].decode("utf-16-le", "ignore") + "…"


def button(label: str, verb: str, argument: str = "") -> InlineKeyboardButton:
    """A button. Its callback data, `verb` or `verb:argument`, has at most 64 bytes."""
    return InlineKeyboardButton(label, callback_data=f"{verb}:{argument}" if argument else verb)


def keyboard(buttons: Sequence[InlineKeyboardButton], columns: int = 1) -> InlineKeyboardMarkup:
    """Buttons in rows of `columns`."""
    rows = [buttons[start : start + columns] for start in range(0, len(buttons), columns)]
    return InlineKeyboardMarkup(rows)
