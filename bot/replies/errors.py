"""What is said when something cannot be done."""

from bot.i18n.translator import Tongue
from vlm.errors import AfterimageError
from vlm.protocol import Refused


def refusal(_: Tongue, error: AfterimageError | Refused) -> str:
    """Why, and what to do: an error's own message in the chat's language."""
    return _(error.message, **error.values)


def apology(_: Tongue) -> str:
    return _("Sorry, something went wrong on my side, and I could not finish this. Please send it again.")
