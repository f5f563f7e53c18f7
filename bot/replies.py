"""Every sentence that a user can read, as pure functions: one place to translate, one place to tend the tone.

Plain text, no markup. What a model wrote is marked as such *first*: a listener knows before it begins.
"""

from collections.abc import Sequence
from typing import Final

from vlm.protocol import ModelInfo

MAX_UNITS: Final = 4096  # Telegram's limit of a text, in UTF-16 code units

COMMANDS: Final = (("start", "How to begin"), ("help", "What I can do"))

# What Telegram calls it -> what people call it. Not handled: their pictures, thumbnails and sounds.
KINDS: Final = {
    "video": "videos",
    "video_note": "video messages",
    "animation": "animations",
    "sticker": "stickers",
    "voice": "voice messages",
    "audio": "sound files",
    "document": "files of this kind",
    "contact": "contacts",
    "location": "places on a map",
    "poll": "polls",
    "story": "stories",
}


def fitted(text: str) -> str:
    """The text, cut with an ellipsis where Telegram would refuse it for its length."""
    units = text.encode("utf-16-le", "surrogatepass")  # two bytes each
    if len(units) <= 2 * MAX_UNITS:
        return text
    return units[: 2 * (MAX_UNITS - 1)].decode("utf-16-le", "ignore") + "…"  # ignore: half an emoji


def start(models: Sequence[ModelInfo]) -> str:
    return (
        "Hello! Send me a photo and I will say what is in it.\n"
        "Then ask about it: reply to the photo or to my caption, or just write your question.\n\n"
        f"{who_answers(models)}\n\n"
        "/help says more."
    )


def help(models: Sequence[ModelInfo]) -> str:
    return (
        "• Send a photo, or an image as a file (JPEG, PNG, WebP, GIF or HEIC, up to 20 MB): I caption it.\n"
        "• Reply to a photo, to my caption or to an answer with a question: I answer about that photo, "
        "however old it is.\n"
        "• Write a question without replying: I answer about your latest photo.\n\n"
        "An AI writes captions and answers, and it can be wrong. I do not keep your pictures, only what was "
        f"said about them.\n\n{who_answers(models)}"
    )


def who_answers(models: Sequence[ModelInfo]) -> str:
    """Which model answers here and what it knows."""
    if not models:
        return "No worker is running right now. You can send photos already: I will answer when one is back."
    said = (f"The model that answers here is {model.name}. {model.knows}".rstrip() for model in models)
    return "\n".join(dict.fromkeys(said))  # each once, however many workers run it


def private_only() -> str:
    return "I work in private chats only. Write to me there, and send me a photo."


def looking(has_worker: bool) -> str:
    return "Looking at your photo …" if has_worker else _in_line("photo")


def thinking(has_worker: bool) -> str:
    return "Thinking about your question …" if has_worker else _in_line("question")


def _in_line(what: str) -> str:
    return f"Your {what} is in line. No worker is running right now; I will answer here when one is back."


def caption(text: str) -> str:
    return f"AI caption: {text}"


def answer(text: str) -> str:
    return f"AI answer: {text}"


def photo_first() -> str:
    return "Send me a photo first, then ask me about it."


def which_photo() -> str:
    return "I do not know which photo that message is about. Reply to the photo itself, and ask again."


def too_large(limit_mb: int) -> str:
    return f"This file is larger than {limit_mb} MB, more than I can fetch. Send it as a photo instead."


def empty_file() -> str:
    return "This file is empty. Please send the picture again."


def photo_gone() -> str:
    return "Telegram no longer gives me that photo. Please send it again, then ask."


def unsupported(kind: str) -> str:
    what = KINDS.get(kind, "messages of this kind")
    return f"I cannot look at {what} yet. Send me a photo, or an image as a file."


def unknown_command() -> str:
    return "I do not know that command. /help says what I can do."


def apology() -> str:
    return "Sorry, something went wrong on my side, and I could not finish this. Please send it again."
