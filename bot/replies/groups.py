"""What is said about being in a group."""

from bot.i18n.translator import Tongue


def hello(_: Tongue, name: str) -> str:
    return "\n\n".join(
        [
            _("Hello! I say what is in your photos and answer questions about them."),
            how_to_call(_, name),
            _("Admins of this group can write /auto on: then I describe every photo. /help says more."),
        ]
    )


def how_to_call(_: Tongue, name: str) -> str:
    return _(
        "In groups I stay silent until I am called. Write @{name} under a photo, or in reply to one, "
        "with a question if you like. You can also reply to what I say.",
        name=name,
    )


def auto_set(_: Tongue, on: bool) -> str:
    if on:
        return _("From now on I describe every photo of this group. /auto off ends that.")
    return _("From now on I describe a photo only when I am called. /auto on: every photo.")


def auto_is(_: Tongue, on: bool) -> str:
    if on:
        return _("I describe every photo of this group. For only those that I am called to, write /auto off")
    return _("I describe a photo of this group only when I am called. For every photo, write /auto on")


def auto_in_private(_: Tongue) -> str:
    return _("Here I describe every photo anyway. /auto is for groups.")


def admins_only(_: Tongue) -> str:
    return _("Only the admins of this group can change that. Please ask one of them.")
