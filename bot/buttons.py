"""Buttons under messages. What a press brings back is `verb` or `verb:asked`: see `bot.app`."""

from collections.abc import Sequence

from telegram import InlineKeyboardButton, InlineKeyboardMarkup


def button(label: str, verb: str, asked: str = "") -> InlineKeyboardButton:
    """One button. `verb:asked` has at most 64 bytes."""
    return InlineKeyboardButton(label, callback_data=f"{verb}:{asked}" if asked else verb)


def keyboard(buttons: Sequence[InlineKeyboardButton], across: int = 1) -> InlineKeyboardMarkup:
    """Buttons in rows of so many."""
    rows = [buttons[start : start + across] for start in range(0, len(buttons), across)]
    return InlineKeyboardMarkup(rows)
