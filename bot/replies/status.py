"""What the bot says while an answer takes longer, and when there will be none."""

from math import ceil
from typing import Final

from bot.i18n.translator import Translator
from vlm.errors import AfterimageError
from vlm.protocol import Refused

MIN_WAIT_S: Final = 5  # a shorter wait is not announced


def in_line(t: Translator, ahead: int, wait_s: float | None) -> str:
    """How many jobs come first and how long that takes, if it is known; '' if the wait is short."""
    if ahead < 1 or (wait_s is not None and wait_s < MIN_WAIT_S):
        return ""
    line = t.many("In line: {n} is ahead of you.", "In line: {n} are ahead of you.", ahead)
    return f"{line} {_about(t, wait_s)} …" if wait_s is not None else f"{line[:-1]} …"


def rate_limited(t: Translator, most: int) -> str:
    return t(
        "Telegram lets me send a group {most} messages a minute. The other answers come a little"
        " later; none is lost.",
        most=most,
    )


def refusal(t: Translator, error: AfterimageError | Refused) -> str:
    """Why not, and what to do: the error's own message in the chat's language."""
    return t(error.message, **error.values)


def apology(t: Translator) -> str:
    return t("Sorry, something went wrong on my side, and I could not finish this. Please send it again.")


def _about(t: Translator, wait_s: float) -> str:
    """Rounded, as an estimate should be: it also changes less often."""
    if wait_s < 55:
        step = 5 if wait_s < 30 else 10
        return t.many("About {n} second", "About {n} seconds", step * ceil(wait_s / step))
    return t.many("About {n} minute", "About {n} minutes", ceil(wait_s / 60))
