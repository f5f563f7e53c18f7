"""What is said about several pictures at once."""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from bot.i18n.translator import Translator
from bot.replies.length import fitted
from bot.replies.questions import QUOTED


class Line(NamedTuple):
    """What is said of one picture."""

    number: int
    text: str
    is_refusal: bool = False


def looking(t: Translator, has_worker: bool) -> str:
    if has_worker:
        return t("Looking at your photos …")
    return t("Your photos are in line. No worker is running right now; I will answer here when one is back.")


def captions(t: Translator, lines: Sequence[Line], total: int, note: str = "") -> str:
    """`lines` are those that are known by now, of `total`."""
    if len(lines) < total:
        return _listed(t, t("AI captions:"), lines, _so_far(t, lines, total))
    kept = t("Your note is kept: {note}", note=note) if note else ""
    hint = t("To ask about one, reply to it; or reply here and begin with its number.")
    return _listed(t, t("AI captions:"), lines, "\n".join(part for part in (kept, hint) if part))


def answers(t: Translator, question: str, lines: Sequence[Line], total: int) -> str:
    """As `captions`."""
    head = t("AI answers to “{question}”:", question=fitted(question, QUOTED))
    return _listed(t, head, lines, _so_far(t, lines, total) if len(lines) < total else "")


def nothing_left(t: Translator) -> str:
    return t("I have none of these photos any more.")


def which_one(t: Translator) -> str:
    return t("Which photo is your question about?")


def all_of_them(t: Translator) -> str:
    """On a button."""
    return t("All of them")


def question_lost(t: Translator) -> str:
    return t("I cannot see your question any more. Please write it again.")


def _so_far(t: Translator, lines: Sequence[Line], total: int) -> str:
    return t("{done} of {total} …", done=len(lines), total=total)


def _listed(t: Translator, head: str, lines: Sequence[Line], end: str) -> str:
    told = [f"{_span(t, same)}. {same[0].text}" for same in _together(lines)]
    return "\n".join([head, *told, *(["", end] if end else [])])


def _together(lines: Sequence[Line]) -> list[list[Line]]:
    """Neighbours that were refused for one reason are one line: a reason is not told ten times."""
    keys = {line: line.number - at if line.is_refusal else -line.number for at, line in enumerate(lines)}
    return [list(same) for _key, same in groupby(lines, key=lambda line: (line.text, keys[line]))]


def _span(t: Translator, lines: Sequence[Line]) -> str:
    first, last = t.number(lines[0].number), t.number(lines[-1].number)
    return first if len(lines) == 1 else f"{first}–{last}"
