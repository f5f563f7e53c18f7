"""What the bot says to a question."""

from typing import Final

from bot.i18n.translator import Translator
from bot.replies.layout import truncate

MAX_QUOTE: Final = 100  # of a question that is repeated, in UTF-16 code units


def thinking(t: Translator, has_worker: bool, question: str = "") -> str:
    """`question` is repeated where the answer does not stand below it."""
    if not has_worker:
        return t(
            "Your question is in line. No worker is running right now; I will answer here when one is back."
        )
    if question:
        return t("Thinking about “{question}” …", question=truncate(question, MAX_QUOTE))
    return t("Thinking about your question …")


def answer(t: Translator, text: str, question: str = "") -> str:
    """`question` as in `thinking`."""
    if question:
        return t("AI answer to “{question}”: {text}", question=truncate(question, MAX_QUOTE), text=text)
    return t("AI answer: {text}", text=text)


def thinking_of_it(t: Translator) -> str:
    """After a button was pressed."""
    return t("Thinking …")


def answered_above(t: Translator) -> str:
    """After a button was pressed again."""
    return t("You have already asked that: see below.")


def how_to_ask(t: Translator) -> str:
    return t(
        "What do you want to know? Write your question here, or reply to any photo with it. "
        "In one line: /ask What colour is it?"
    )


def your_question(t: Translator) -> str:
    """In the empty field in which the question is written."""
    return t("Your question")


def photo_first(t: Translator) -> str:
    return t("Send me a photo first, then ask me about it.")


def which_photo(t: Translator) -> str:
    return t("I do not know which photo that message is about. Reply to the photo itself, and ask again.")
