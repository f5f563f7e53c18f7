"""What is said about a photo: while it is looked at, and then."""

from bot.i18n.translator import Translator


def looking(t: Translator, has_worker: bool) -> str:
    if has_worker:
        return t("Looking at your photo …")
    return t("Your photo is in line. No worker is running right now; I will answer here when one is back.")


def caption(
    t: Translator,
    text: str,
    *,
    note: str = "",
    in_english: str = "",
    stayed_english: bool = False,
    is_owners: bool = False,
) -> str:
    """A caption, and below it what else there is to say of it, each on a line of its own."""
    lines = [t("Your caption: {text}", text=text) if is_owners else t("AI caption: {text}", text=text)]
    if in_english:
        lines.append(t("In English: {text}", text=in_english))
    if stayed_english:
        lines.append(still_english(t))
    if note:
        lines.append(t("Your note is kept: {note}", note=note))
    return "\n".join(lines)


def still_english(t: Translator) -> str:
    return t("I could not put this into your language, so it stays in English.")


def more_detail(t: Translator) -> str:
    """On a button."""
    return t("More detail")


def another_wording(t: Translator) -> str:
    """On a button."""
    return t("Another wording")


def correct_it(t: Translator) -> str:
    """On a button."""
    return t("Correct it")


def show_english(t: Translator) -> str:
    """On a button."""
    return t("English original")


def delete(t: Translator) -> str:
    """On a button."""
    return t("Delete")


def really_delete(t: Translator) -> str:
    """On a button: to confirm."""
    return t("Yes, delete this photo")


def keep(t: Translator) -> str:
    """On a button: not to delete."""
    return t("No, keep it")


def looking_again(t: Translator) -> str:
    return t("Looking again …")


def sure(t: Translator) -> str:
    return t("Shall I forget this photo, its caption and its answers?")


def deleted(t: Translator) -> str:
    return t("I have forgotten this photo and all that was said about it.")


def not_yours(t: Translator) -> str:
    return t("Only who sent this photo, or an administrator, can delete it.")


def gone(t: Translator) -> str:
    return t("I do not have this photo any more. Please send it again.")


def no_other(t: Translator) -> str:
    return t("I have no other words for this photo. You can write your own: /edit")
