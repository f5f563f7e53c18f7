"""What is said to a question."""

from bot.i18n.translator import Tongue
from bot.replies.length import fitted

QUOTED = 100  # UTF-16 code units of a question, where it is said again


def thinking(_: Tongue, has_worker: bool, question: str = "") -> str:
    """`question` where the answer does not stand below it."""
    if not has_worker:
        return _(
            "Your question is in line. No worker is running right now; I will answer here when one is back."
        )
    if question:
        return _("Thinking about “{question}” …", question=fitted(question, QUOTED))
    return _("Thinking about your question …")


def answer(_: Tongue, text: str, question: str = "") -> str:
    """`question` as for `thinking`."""
    if question:
        return _("AI answer to “{question}”: {text}", question=fitted(question, QUOTED), text=text)
    return _("AI answer: {text}", text=text)


def thinking_of_it(_: Tongue) -> str:
    """At a pressed button."""
    return _("Thinking …")


def answered_above(_: Tongue) -> str:
    """At a button that was pressed before."""
    return _("You have asked that already: see below.")


def how_to_ask(_: Tongue) -> str:
    return _(
        "What do you want to know? Write your question here, or reply to any photo with it. "
        "In one line: /ask What colour is it?"
    )


def your_question(_: Tongue) -> str:
    """In the empty field in which a question is written."""
    return _("Your question")


def photo_first(_: Tongue) -> str:
    return _("Send me a photo first, then ask me about it.")


def which_photo(_: Tongue) -> str:
    return _("I do not know which photo that message is about. Reply to the photo itself, and ask again.")
