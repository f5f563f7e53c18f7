"""What the bot says about several photos at once, and the buttons that ask which one is meant.

pick:PHOTO     a question is about that photo
pickall:LIST   it is about all photos of the list with that key (`bot.state.album_store`)
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from telegram import InlineKeyboardMarkup

from bot.i18n.translator import Translator
from bot.replies.layout import button, keyboard, truncate
from bot.replies.questions import MAX_QUOTE

PICK: Final = "pick"
PICK_ALL: Final = "pickall"
PICK_COLUMNS: Final = 5


class AlbumLine(NamedTuple):
    """The line of one photo in a list."""

    number: int
    text: str
    is_refusal: bool = False


def looking(t: Translator, has_worker: bool) -> str:
    if has_worker:
        return t("Looking at your photos …")
    return t("Your photos are in line. No worker is running right now; I will answer here when one is back.")


def captions(t: Translator, lines: Sequence[AlbumLine], total: int, note: str = "") -> str:
    """`lines` are those that are known so far, of `total`."""
    if len(lines) < total:
        return _listed(t, t("AI captions:"), lines, _so_far(t, lines, total))
    kept = t("Your note is kept: {note}", note=note) if note else ""
    hint = t("To ask about one, reply to it; or reply here and begin with its number.")
    return _listed(t, t("AI captions:"), lines, "\n".join(part for part in (kept, hint) if part))


def answers(t: Translator, question: str, lines: Sequence[AlbumLine], total: int) -> str:
    """As `captions`."""
    head = t("AI answers to “{question}”:", question=truncate(question, MAX_QUOTE))
    return _listed(t, head, lines, _so_far(t, lines, total) if len(lines) < total else "")


def nothing_left(t: Translator) -> str:
    return t("I have none of these photos any more.")


def which_one(t: Translator) -> str:
    return t("Which photo is your question about?")


def all_of_them(t: Translator) -> str:
    """On a button."""
    return t("All of them")


def pick_buttons(t: Translator, photos: Mapping[int, str], list_key: str) -> InlineKeyboardMarkup:
    """Which photo of a list a question is about, by the photos' numbers there."""
    picks = [button(t.number(number), PICK, photo) for number, photo in photos.items()]
    rows = keyboard(picks, PICK_COLUMNS).inline_keyboard
    return InlineKeyboardMarkup([*rows, [button(all_of_them(t), PICK_ALL, list_key)]])


def question_lost(t: Translator) -> str:
    return t("I cannot see your question any more. Please write it again.")


def _so_far(t: Translator, lines: Sequence[AlbumLine], total: int) -> str:
    return t("{done} of {total} …", done=len(lines), total=total)


def _listed(t: Translator, head: str, lines: Sequence[AlbumLine], end: str) -> str:
    numbered = [f"{_span(t, same)}. {same[0].text}" for same in _grouped(lines)]
    return "\n".join([head, *numbered, *(["", end] if end else [])])


def _grouped(lines: Sequence[AlbumLine]) -> list[list[AlbumLine]]:
    """Neighbours that were refused for the same reason share a line: a reason is not repeated ten times."""
    keys = {
        line: line.number - index if line.is_refusal else -line.number for index, line in enumerate(lines)
    }
    return [list(same) for _key, same in groupby(lines, key=lambda line: (line.text, keys[line]))]


def _span(t: Translator, lines: Sequence[AlbumLine]) -> str:
    first, last = t.number(lines[0].number), t.number(lines[-1].number)
    return first if len(lines) == 1 else f"{first}–{last}"
