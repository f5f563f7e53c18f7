"""Hello, help, and what is said to a message that cannot be helped."""

from collections.abc import Sequence

from bot.tongue import Tongue
from vlm.protocol import ModelInfo


def commands(_: Tongue) -> list[tuple[str, str]]:
    """The menu of commands: name and what it does."""
    return [("start", _("How to begin")), ("help", _("What I can do"))]


def start(_: Tongue, models: Sequence[ModelInfo]) -> str:
    return "\n\n".join(
        [
            _("Hello! Send me a photo and I will say what is in it.")
            + "\n"
            + _("Then ask about it: reply to the photo or to my caption, or just write your question."),
            who_answers(_, models),
            _("/help says more."),
        ]
    )


def help(_: Tongue, models: Sequence[ModelInfo]) -> str:
    can = [
        _("Send a photo, or an image as a file (JPEG, PNG, WebP, GIF or HEIC, up to 20 MB): I caption it."),
        _(
            "Reply to a photo, to my caption or to an answer with a question: "
            "I answer about that photo, however old it is."
        ),
        _("Write a question without replying: I answer about your latest photo."),
    ]
    caution = _(
        "An AI writes captions and answers, and it can be wrong. "
        "I do not keep your pictures, only what was said about them."
    )
    return "\n".join(f"• {each}" for each in can) + f"\n\n{caution}\n\n{who_answers(_, models)}"


def who_answers(_: Tongue, models: Sequence[ModelInfo]) -> str:
    """Which model answers here and what it knows."""
    if not models:
        return _(
            "No worker is running right now. You can send photos already: I will answer when one is back."
        )
    said = (
        f"{_('The model that answers here is {name}.', name=model.name)} {_(model.knows)}".rstrip()
        if model.knows
        else _("The model that answers here is {name}.", name=model.name)
        for model in models
    )
    return "\n".join(dict.fromkeys(said))  # each once, however many workers run it


def private_only(_: Tongue) -> str:
    return _("I work in private chats only. Write to me there, and send me a photo.")


def unknown_command(_: Tongue) -> str:
    return _("I do not know that command. /help says what I can do.")


def old_button(_: Tongue) -> str:
    return _("That button is too old. Please send the command again.")


def unsupported(_: Tongue, kind: str) -> str:
    """`kind` is what Telegram calls it."""
    kinds = {
        "video": _("videos"),
        "video_note": _("video messages"),
        "animation": _("animations"),
        "sticker": _("stickers"),
        "voice": _("voice messages"),
        "audio": _("sound files"),
        "document": _("files of this kind"),
        "contact": _("contacts"),
        "location": _("places on a map"),
        "poll": _("polls"),
        "story": _("stories"),
    }
    what = kinds.get(kind, _("messages of this kind"))
    return _("I cannot look at {what} yet. Send me a photo, or an image as a file.", what=what)
