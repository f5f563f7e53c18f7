"""What is said about several pictures at once."""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from bot.i18n.translator import Tongue
from bot.replies.length import fitted
from bot.replies.questions import QUOTED


class Line(NamedTuple):
    """What is said of one picture."""

    number: int
    text: str
    is_refusal: bool = False


def looking(_: Tongue, has_worker: bool) -> str:
    if has_worker:
        return _("Looking at your photos …")
    return _("Your photos are in line. No worker is running right now; I will answer here when one is back.")


def captions(_: Tongue, lines: Sequence[Line], total: int, note: str = "") -> str:
    """`lines` are those that are known by now, of `total`."""
    if len(lines) < total:
        return _listed(_, _("AI captions:"), lines, _so_far(_, lines, total))
    kept = _("Your note is kept: {note}", note=note) if note else ""
    hint = _("To ask about one, reply to it; or reply here and begin with its number.")
    return _listed(_, _("AI captions:"), lines, "\n".join(part for part in (kept, hint) if part))


def answers(_: Tongue, question: str, lines: Sequence[Line], total: int) -> str:
    """As `captions`."""
    head = _("AI answers to “{question}”:", question=fitted(question, QUOTED))
    return _listed(_, head, lines, _so_far(_, lines, total) if len(lines) < total else "")


def nothing_left(_: Tongue) -> str:
    return _("I have none of these photos any more.")


def which_one(_: Tongue) -> str:
    return _("Which photo is your question about?")


def all_of_them(_: Tongue) -> str:
    """On a button."""
    return _("All of them")


def question_lost(_: Tongue) -> str:
    return _("I cannot see your question any more. Please write it again.")


def _so_far(_: Tongue, lines: Sequence[Line], total: int) -> str:
    return _("{done} of {total} …", done=len(lines), total=total)


def _listed(_: Tongue, head: str, lines: Sequence[Line], end: str) -> str:
    told = [f"{_span(_, same)}. {same[0].text}" for same in _together(lines)]
    return "\n".join([head, *told, *(["", end] if end else [])])


def _together(lines: Sequence[Line]) -> list[list[Line]]:
    """Neighbours that were refused for one reason are one line: a reason is not told ten times."""
    keys = {line: line.number - at if line.is_refusal else -line.number for at, line in enumerate(lines)}
    return [list(same) for _key, same in groupby(lines, key=lambda line: (line.text, keys[line]))]


def _span(_: Tongue, lines: Sequence[Line]) -> str:
    first, last = _.number(lines[0].number), _.number(lines[-1].number)
    return first if len(lines) == 1 else f"{first}–{last}"
