"""What is said at the door, and to those who keep it."""

from collections.abc import Mapping
from typing import Final

from bot.i18n.translator import Tongue
from bot.replies.length import fitted

NUMBER: Final = 30  # UTF-16 code units of what was written as one


def closed_to_person(_: Tongue, person: int) -> str:
    return _(
        "Hello! I am a private bot, and answer only people whom my owner has let in. If you know them, ask "
        "for an invitation; your number is {person}. I keep nothing of what you send me.",
        person=str(person),
    )


def closed_to_group(_: Tongue, group: int) -> str:
    return _(
        "Hello! I am a private bot, and my owner has not let this group in. If you know them, ask; the "
        "group's number is {group}. Until then I am silent here, and keep nothing.",
        group=str(group),
    )


def closed(_: Tongue) -> str:
    return _("I am a private bot, and answer only people whom my owner has let in.")


def invitation_over(_: Tongue) -> str:
    return _("This invitation was used already, or it is too old. Please ask for a new one.")


def invitation(_: Tongue, link: str, days: int) -> str:
    return _.many(
        "Send this link to whom you invite. It lets in one person, once, within {n} day:\n{link}",
        "Send this link to whom you invite. It lets in one person, once, within {n} days:\n{link}",
        days,
        link=link,
    )


def open_to_all(_: Tongue) -> str:
    return _("Nobody needs an invitation: everyone may use me. To change that, set BOT_ACCESS=invite")


def by_list(_: Tongue) -> str:
    return _("I let in only whom BOT_ALLOWED lists. For invitations, set BOT_ACCESS=invite")


def hosts_only(_: Tongue) -> str:
    return _("Only my owner and my admins can do that.")


def guests(_: Tongue, names: Mapping[int, str]) -> str:
    """Who came by invitation: numbers, and what Telegram calls them, '' where it does not say."""
    if not names:
        return _("Nobody came in by an invitation.")
    lines = [f"• {number} {name}".rstrip() for number, name in names.items()]
    return "\n".join(
        [
            _("People and groups that came in by an invitation:"),
            *lines,
            _("To shut one of them out again, write /revoke and the number."),
        ]
    )


def revoked(_: Tongue, who: str) -> str:
    return _("Done: {who} may use me no longer.", who=who)


def no_guest(_: Tongue, number: str) -> str:
    return _(
        "Nobody with the number {number} came in by an invitation. Who did: write only /revoke",
        number=fitted(number, NUMBER),
    )


def by_settings(_: Tongue, number: int) -> str:
    return _(
        "The number {number} is let in by the settings: BOT_OWNER, BOT_ADMINS or BOT_ALLOWED.",
        number=str(number),
    )


def in_private(_: Tongue) -> str:
    return _("Please write that to me in private: others would read the answer here.")
