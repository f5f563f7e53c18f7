"""What the bot says about the data that it keeps: correcting a caption, forgetting, and /privacy.

forget:USER, forgetnot:USER   the answers to 'Shall I forget everything?', for the user who asked for it
"""

from typing import Final

from telegram import InlineKeyboardMarkup

from bot.i18n.translator import Translator
from bot.replies.layout import button, keyboard

FORGET_ALL: Final = "forget"
KEEP_ALL: Final = "forgetnot"


def corrected(t: Translator) -> str:
    return t("Thank you. From now on this is the caption of the photo, and /find searches it.")


def new_words(t: Translator, name: str = "") -> str:
    """`name` of the person who is asked, where others read it too."""
    if name:
        return t("{name}, what should the caption be? Reply to this message with the right words.", name=name)
    return t("What should the caption be? Reply to this message with the right words.")


def how_to_edit(t: Translator) -> str:
    return t(
        "Reply to a photo, or to what I said about it, with /edit and the right words. "
        "For example: /edit our cat in the garden"
    )


def only_owner_corrects(t: Translator) -> str:
    return t("Only the person who sent this photo, or an administrator, can correct its caption.")


def only_owner_forgets(t: Translator) -> str:
    return t("Only the person who sent this photo, or an administrator, can make me forget it.")


def nothing_kept(t: Translator) -> str:
    return t("I keep nothing about that message.")


def how_to_forget(t: Translator) -> str:
    photo = t("Reply to a photo, or to what I said about it, with /forget, and I forget that photo.")
    everything = t("Send /forget all, and I forget everything about this chat.")
    return f"• {photo}\n• {everything}"


def everything(t: Translator) -> str:
    """The word after /forget that means all photos."""
    return t("all")


def forgotten(t: Translator) -> str:
    return t(
        "I have forgotten this photo and everything said about it. The picture itself stays in"
        " this chat until you delete it there."
    )


def caption_forgotten(t: Translator) -> str:
    """In place of a caption that Telegram does not delete."""
    return t("This photo was forgotten.")


def sure_of_all(t: Translator, photos: int) -> str:
    kept = t.many("I keep {n} photo from this chat.", "I keep {n} photos from this chat.", photos)
    ask = t(
        "Should I forget everything: photos, captions, notes, questions and answers, language"
        " and style? This cannot be undone. /export saves it all first."
    )
    return f"{kept} {ask}"


def yes_all(t: Translator) -> str:
    """On a button."""
    return t("Yes, forget everything")


def no(t: Translator) -> str:
    """On a button."""
    return t("No, keep it")


def forget_all_buttons(t: Translator, user: str) -> InlineKeyboardMarkup:
    """Only the user with that id may press them."""
    return keyboard([button(yes_all(t), FORGET_ALL, user), button(no(t), KEEP_ALL, user)])


def all_forgotten(t: Translator) -> str:
    return t(
        "I have forgotten everything about this chat, and dropped what I was still working on. "
        "The messages themselves stay here until you delete them."
    )


def all_kept(t: Translator) -> str:
    return t("Nothing was forgotten.")


def not_asked_of_you(t: Translator) -> str:
    return t("Only the person who asked for this can decide it.")


def only_admins_forget_all(t: Translator) -> str:
    return t("Only an administrator of this group can make me forget everything.")


def too_late(t: Translator) -> str:
    return t("This question is more than five minutes old. Please send /forget all again.")


def privacy(t: Translator, retention_days: int, contact: str) -> str:
    kept = [
        t("For each photo: who sent it and when, Telegram's name for it, its caption, your notes."),
        t("Numbers that I compute from the picture, for searching and for the next question."),
        t("Questions about your photos, and my answers."),
        t("The language and style of this chat, and which message is about which photo."),
    ]
    never = t(
        "I never keep the pictures themselves. Telegram has them; I fetch one, look at it, and let it go."
    )
    where = t("All of it is on the server of whoever runs this bot, and goes to nobody else.")
    long = t.many(
        "A photo is forgotten {n} day after it came.",
        "A photo is forgotten {n} days after it came.",
        retention_days,
    )
    now = t("To make me forget at once: /forget in reply to a photo, or /forget all.")
    after = t("For one more day I keep only the numbers of what is gone, so that nothing brings it back.")
    along = t("To take everything along: /export.")
    paragraphs = [
        t("What I keep:") + "".join(f"\n• {item}" for item in kept),
        f"{never} {where}",
        f"{long} {now} {after}",
        along,
    ]
    if contact:
        paragraphs.append(t("Questions about privacy: {contact}", contact=contact))
    return "\n\n".join(paragraphs)
