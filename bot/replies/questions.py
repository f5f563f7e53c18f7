"""What is said to a question."""

from bot.tongue import Tongue


def thinking(_: Tongue, has_worker: bool) -> str:
    if has_worker:
        return _("Thinking about your question …")
    return _("Your question is in line. No worker is running right now; I will answer here when one is back.")


def answer(_: Tongue, text: str) -> str:
    return _("AI answer: {text}", text=text)


def photo_first(_: Tongue) -> str:
    return _("Send me a photo first, then ask me about it.")


def which_photo(_: Tongue) -> str:
    return _("I do not know which photo that message is about. Reply to the photo itself, and ask again.")
