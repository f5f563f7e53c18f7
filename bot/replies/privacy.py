"""What is said of keeping: correcting a caption, forgetting, taking all along, and what is kept at all."""

from bot.i18n.translator import Tongue


def corrected(_: Tongue) -> str:
    return _("Thank you. From now on these words count for this photo, and /find looks for them.")


def new_words(_: Tongue, name: str = "") -> str:
    """`name` of whom it is asked, where others read it too."""
    if name:
        return _("{name}, what should the caption be? Reply to this message with the right words.", name=name)
    return _("What should the caption be? Reply to this message with the right words.")


def how_to_edit(_: Tongue) -> str:
    return _(
        "Reply to a photo, or to what I said about it, with /edit and the right words. "
        "For example: /edit our cat in the garden"
    )


def only_owner_corrects(_: Tongue) -> str:
    return _("Only who sent this photo, or an administrator, can correct its caption.")


def only_owner_forgets(_: Tongue) -> str:
    return _("Only who sent this photo, or an administrator, can have it forgotten.")


def nothing_kept(_: Tongue) -> str:
    return _("I keep nothing about that message.")


def how_to_forget(_: Tongue) -> str:
    one = _("Reply to a photo, or to what I said about it, with /forget: I forget that photo.")
    everything = _("Write /forget all: I forget everything about this chat.")
    return f"• {one}\n• {everything}"


def everything(_: Tongue) -> str:
    """The word after /forget that means all photos."""
    return _("all")


def forgotten(_: Tongue) -> str:
    return _(
        "I have forgotten this photo and all that was said about it. "
        "The picture itself stays in this chat until you delete it there."
    )


def caption_forgotten(_: Tongue) -> str:
    """In place of a caption that Telegram does not let go of."""
    return _("This photo was forgotten.")


def sure_of_all(_: Tongue, photos: int) -> str:
    kept = _.many("I keep {n} photo of this chat.", "I keep {n} photos of this chat.", photos)
    ask = _(
        "Shall I forget everything: photos, captions, notes, questions and answers, language and style? "
        "It cannot be undone. /export saves it all first."
    )
    return f"{kept} {ask}"


def yes_all(_: Tongue) -> str:
    """On a button."""
    return _("Yes, forget everything")


def no(_: Tongue) -> str:
    """On a button."""
    return _("No, keep it")


def all_forgotten(_: Tongue) -> str:
    return _(
        "I have forgotten everything about this chat, and dropped what I was still working on. "
        "The messages themselves stay here until you delete them."
    )


def all_kept(_: Tongue) -> str:
    return _("Nothing was forgotten.")


def not_asked_of_you(_: Tongue) -> str:
    return _("Only who asked for it can decide this.")


def only_admins_forget_all(_: Tongue) -> str:
    return _("Only an administrator of this group can have everything forgotten.")


def too_late(_: Tongue) -> str:
    return _("This question is more than five minutes old. Please send /forget all again.")


def privacy(_: Tongue, retention_days: int, contact: str) -> str:
    kept = [
        _("Of each photo: who sent it and when, how Telegram calls it, its caption, your notes."),
        _("Numbers that I compute from the picture, for searching and for the next question."),
        _("Questions about your photos, and my answers."),
        _("The language and style of this chat, and which message is about which photo."),
    ]
    never = _(
        "I never keep the pictures themselves. Telegram has them; I fetch one, look at it, and let it go."
    )
    where = _("All of it lies on the server of whoever runs this bot, and goes to nobody else.")
    long = _.many(
        "A photo is forgotten {n} day after it came.",
        "A photo is forgotten {n} days after it came.",
        retention_days,
    )
    now = _("To have it forgotten at once: /forget in reply to a photo, or /forget all.")
    after = _("For one more day I keep bare numbers of what is gone, so that nothing brings it back.")
    along = _("To take everything along: /export.")
    paragraphs = [
        _("What I keep:") + "".join(f"\n• {each}" for each in kept),
        f"{never} {where}",
        f"{long} {now} {after}",
        along,
    ]
    if contact:
        paragraphs.append(_("Questions about privacy: {contact}", contact=contact))
    return "\n\n".join(paragraphs)
