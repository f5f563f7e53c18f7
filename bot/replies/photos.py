"""What is said about a photo: while it is looked at, and then."""

from bot.tongue import Tongue


def looking(_: Tongue, has_worker: bool) -> str:
    if has_worker:
        return _("Looking at your photo …")
    return _("Your photo is in line. No worker is running right now; I will answer here when one is back.")


def caption(_: Tongue, text: str) -> str:
    return _("AI caption: {text}", text=text)
