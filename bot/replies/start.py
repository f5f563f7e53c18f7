"""What the bot says about itself: hello, help, the menus of commands; and to messages that it cannot use."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final, Literal

from bot.i18n.translator import N_, Translator
from vlm.protocol import ModelInfo

# Whose menu it is: a private chat's, a group's, a group's admins', the bot's admins' in private.
MenuKind = Literal["private", "group", "admin", "bot_admin"]
PRIVATE: Final = "private"
GROUP: Final = "group"
ADMIN: Final = "admin"
BOT_ADMIN: Final = "bot_admin"
ALL: Final = (PRIVATE, GROUP, ADMIN)

# In the order of the menus: what a command does, and whose menus have it.
COMMANDS: Final[dict[str, tuple[str, tuple[MenuKind, ...]]]] = {
    "find": (N_("Find photos by words: red bicycle"), ALL),
    "recent": (N_("The latest photos"), ALL),
    "ask": (N_("Ask about a photo"), ALL),
    "lang": (N_("Choose a language"), (PRIVATE, ADMIN)),
    "style": (N_("Shorter or longer captions"), (PRIVATE, ADMIN)),
    "auto": (N_("Caption every photo here, or only when asked"), (ADMIN,)),
    "edit": (N_("Correct a caption"), ALL),
    "forget": (N_("Delete a photo, or everything"), ALL),
    "export": (N_("Save everything in one file"), (PRIVATE, ADMIN)),
    "privacy": (N_("What I keep, and for how long"), ALL),
    "help": (N_("What I can do"), ALL),
    "invite": (N_("Let somebody in"), (BOT_ADMIN,)),
    "revoke": (N_("Take somebody's access back"), (BOT_ADMIN,)),
    "stats": (N_("How the bot is doing"), (BOT_ADMIN,)),
}
HIDDEN_COMMANDS: Final = ("start",)  # known, but in no menu

MIN_SIMILARITY: Final = 0.6


def commands(t: Translator, kind: MenuKind) -> list[tuple[str, str]]:
    """A menu: names of commands, and what they do."""
    menus = {PRIVATE, BOT_ADMIN} if kind == BOT_ADMIN else {kind}
    return [(name, t(does)) for name, (does, kinds) in COMMANDS.items() if menus.intersection(kinds)]


def description(t: Translator) -> str:
    """What Telegram shows in an empty chat."""
    return t(
        "Send me a photo: I will say what is in it, answer questions about it, and find it again"
        " when you describe it. An AI writes what I say, and it can be wrong."
    )


def short_description(t: Translator) -> str:
    """What Telegram shows in the bot's profile."""
    return t("I describe your photos, answer questions about them and find them again.")


def start(t: Translator, models: Sequence[ModelInfo]) -> str:
    return "\n\n".join(
        [
            t("Hello! Send me a photo and I will say what is in it.")
            + "\n"
            + t("Then ask about it: reply to the photo or to my caption, or just write your question."),
            who_answers(t, models),
            t("More: /help. Another language: /lang."),
        ]
    )


def try_it(t: Translator) -> str:
    """On a button under a sample picture."""
    return t("Try it with this picture")


def help(t: Translator, models: Sequence[ModelInfo], *, is_bot_admin: bool = False) -> str:
    bot_admin = ["invite", "revoke", "stats"] if is_bot_admin else []
    return "\n".join(
        [
            t("Send a photo, or an image as a file, and I caption it."),
            t("Reply to it, or to my caption, with a question. Without a reply, I answer about the latest."),
            "",
            *_command_lines(
                t, ["find", "recent", "lang", "style", "edit", "forget", "export", "privacy", *bot_admin]
            ),
            "",
            caution(t),
            who_answers(t, models),
        ]
    )


def group_help(t: Translator, models: Sequence[ModelInfo]) -> str:
    return "\n".join(
        [
            t("In groups I am silent until you mention me, reply to me or send me a command."),
            t("Reply to a photo and mention me with your question, and I answer about that photo."),
            "",
            *_command_lines(t, ["find", "recent", "ask", "auto", "edit", "forget", "privacy"]),
            "",
            caution(t),
            who_answers(t, models),
        ]
    )


def _command_lines(t: Translator, names: Sequence[str]) -> list[str]:
    return [t("/{command}: {does}", command=name, does=t(COMMANDS[name][0])) for name in names]


def caution(t: Translator) -> str:
    return t(
        "An AI writes captions and answers, and it can be wrong. "
        "I do not keep your pictures, only what was said about them."
    )


def who_answers(t: Translator, models: Sequence[ModelInfo]) -> str:
    """Which model answers here, and what it knows."""
    if not models:
        return t(
            "No worker is running right now. You can already send photos: I will answer when one is back."
        )
    sentences = (
        f"{t('The model that answers here is {name}.', name=model.name)} {t(model.knows)}".rstrip()
        if model.knows
        else t("The model that answers here is {name}.", name=model.name)
        for model in models
    )
    return "\n".join(dict.fromkeys(sentences))  # each once, however many workers run it


def unknown_command(t: Translator, typed: str) -> str:
    """`typed`: the command, without its slash."""
    if near := get_close_matches(typed.lower(), [*COMMANDS, *HIDDEN_COMMANDS], n=1, cutoff=MIN_SIMILARITY):
        return t("I do not know that command. Did you mean {command}?", command=f"/{near[0]}")
    return t("I do not know that command. What I can do: /help")


def old_button(t: Translator) -> str:
    return t("That button is too old. Please send the command again.")


def unsupported(t: Translator, kind: str) -> str:
    """`kind`: Telegram's name of it."""
    kinds = {
        "video": t("videos"),
        "video_note": t("video messages"),
        "animation": t("animations"),
        "sticker": t("animated stickers"),
        "voice": t("voice messages"),
        "audio": t("audio files"),
        "document": t("files of this kind"),
        "contact": t("contacts"),
        "location": t("locations"),
        "poll": t("polls"),
        "story": t("stories"),
    }
    what = kinds.get(kind, t("messages of this kind"))
    return t("I cannot look at {what} yet. Send me a photo, or an image as a file.", what=what)
