"""What is said about a photo: while it is looked at, and then."""

from bot.i18n.translator import Tongue


def looking(_: Tongue, has_worker: bool) -> str:
    if has_worker:
        return _("Looking at your photo …")
    return _("Your photo is in line. No worker is running right now; I will answer here when one is back.")


def caption(
    _: Tongue,
    text: str,
    *,
    note: str = "",
    in_english: str = "",
    stayed_english: bool = False,
    is_owners: bool = False,
) -> str:
    """A caption, and below it what else there is to say of it, each on a line of its own."""
    lines = [_("Your caption: {text}", text=text) if is_owners else _("AI caption: {text}", text=text)]
    if in_english:
        lines.append(_("In English: {text}", text=in_english))
    if stayed_english:
        lines.append(still_english(_))
    if note:
        lines.append(_("Your note is kept: {note}", note=note))
    return "\n".join(lines)


def still_english(_: Tongue) -> str:
    return _("I could not put this into your language, so it stays in English.")


def more_detail(_: Tongue) -> str:
    """On a button."""
    return _("More detail")


def another_wording(_: Tongue) -> str:
    """On a button."""
    return _("Another wording")


def correct_it(_: Tongue) -> str:
    """On a button."""
    return _("Correct it")


def show_english(_: Tongue) -> str:
    """On a button."""
    return _("English original")


def delete(_: Tongue) -> str:
    """On a button."""
    return _("Delete")


def really_delete(_: Tongue) -> str:
    """On a button: to confirm."""
    return _("Yes, delete this photo")


def keep(_: Tongue) -> str:
    """On a button: not to delete."""
    return _("No, keep it")


def looking_again(_: Tongue) -> str:
    return _("Looking again …")


def sure(_: Tongue) -> str:
    return _("Shall I forget this photo, its caption and its answers?")


def deleted(_: Tongue) -> str:
    return _("I have forgotten this photo and all that was said about it.")


def not_yours(_: Tongue) -> str:
    return _("Only who sent this photo, or an administrator, can delete it.")


def gone(_: Tongue) -> str:
    return _("I do not have this photo any more. Please send it again.")


def no_other(_: Tongue) -> str:
    return _("I have no other words for this photo. You can write your own: /edit")
