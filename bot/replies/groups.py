"""What the bot says about its work in groups."""

from bot.i18n.translator import Translator


def hello(t: Translator, name: str) -> str:
    return "\n\n".join(
        [
            t("Hello! I say what is in your photos and answer questions about them."),
            how_to_call(t, name),
            t(
                "Admins of this group can send /auto on, and I will describe every photo. /help tells"
                " you more."
            ),
        ]
    )


def how_to_call(t: Translator, name: str) -> str:
    return t(
        "In groups I stay silent until you mention me. Write @{name} under a photo, or in reply"
        " to one, with a question if you like. You can also reply to what I say.",
        name=name,
    )


def auto_set(t: Translator, on: bool) -> str:
    if on:
        return t("From now on I describe every photo in this group. /auto off ends that.")
    return t("From now on I only describe a photo when you mention me. /auto on: every photo.")


def auto_is(t: Translator, on: bool) -> str:
    if on:
        return t("I describe every photo in this group. For only those you mention me for, send /auto off")
    return t("In this group I only describe a photo when you mention me. For every photo, send /auto on")


def auto_in_private(t: Translator) -> str:
    return t("Here I describe every photo anyway. /auto is for groups.")


def admins_only(t: Translator) -> str:
    return t("Only the admins of this group can change that. Please ask one of them.")
