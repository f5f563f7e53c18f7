"""What is said when something cannot be done."""

from bot.i18n.translator import Translator
from vlm.errors import AfterimageError
from vlm.protocol import Refused


def refusal(t: Translator, error: AfterimageError | Refused) -> str:
    """Why, and what to do: an error's own message in the chat's language."""
    return t(error.message, **error.values)


def apology(t: Translator) -> str:
    return t("Sorry, something went wrong on my side, and I could not finish this. Please send it again.")
