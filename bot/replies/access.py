"""What is said at the door, and to those who keep it."""

from collections.abc import Mapping
from typing import Final

from bot.i18n.translator import Translator
from bot.replies.length import fitted

NUMBER: Final = 30  # UTF-16 code units of what was written as one


def closed_to_person(t: Translator, person: int) -> str:
    return t(
        "Hello! I am a private bot, and answer only people whom my owner has let in. If you know them, ask "
        "for an invitation; your number is {person}. I keep nothing of what you send me.",
        person=str(person),
    )


def closed_to_group(t: Translator, group: int) -> str:
    return t(
        "Hello! I am a private bot, and my owner has not let this group in. If you know them, ask; the "
        "group's number is {group}. Until then I am silent here, and keep nothing.",
        group=str(group),
    )


def closed(t: Translator) -> str:
    return t("I am a private bot, and answer only people whom my owner has let in.")


def invitation_over(t: Translator) -> str:
    return t("This invitation was used already, or it is too old. Please ask for a new one.")


def invitation(t: Translator, link: str, days: int) -> str:
    return t.many(
        "Send this link to whom you invite. It lets in one person, once, within {n} day:\n{link}",
        "Send this link to whom you invite. It lets in one person, once, within {n} days:\n{link}",
        days,
        link=link,
    )


def open_to_all(t: Translator) -> str:
    return t("Nobody needs an invitation: everyone may use me. To change that, set BOT_ACCESS=invite")


def by_list(t: Translator) -> str:
    return t("I let in only whom BOT_ALLOWED lists. For invitations, set BOT_ACCESS=invite")


def hosts_only(t: Translator) -> str:
    return t("Only my owner and my admins can do that.")


def guests(t: Translator, names: Mapping[int, str]) -> str:
    """Who came by invitation: numbers, and what Telegram calls them, '' where it does not say."""
    if not names:
        return t("Nobody came in by an invitation.")
    lines = [f"• {number} {name}".rstrip() for number, name in names.items()]
    return "\n".join(
        [
            t("People and groups that came in by an invitation:"),
            *lines,
            t("To shut one of them out again, write /revoke and the number."),
        ]
    )


def revoked(t: Translator, who: str) -> str:
    return t("Done: {who} may use me no longer.", who=who)


def no_guest(t: Translator, number: str) -> str:
    return t(
        "Nobody with the number {number} came in by an invitation. Who did: write only /revoke",
        number=fitted(number, NUMBER),
    )


def by_settings(t: Translator, number: int) -> str:
    return t(
        "The number {number} is let in by the settings: BOT_OWNER, BOT_ADMINS or BOT_ALLOWED.",
        number=str(number),
    )


def in_private(t: Translator) -> str:
    return t("Please write that to me in private: others would read the answer here.")
