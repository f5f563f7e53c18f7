"""What the bot says about the length of captions."""

from typing import Final

from bot.i18n.translator import N_, Translator
from vlm.protocol import Style

LABELS: Final[dict[Style, str]] = {"short": N_("short"), "normal": N_("normal"), "detailed": N_("detailed")}

ABOUT: Final[dict[Style, str]] = {
    "short": N_("Short: at most 125 characters, made for screen readers. Anything longer is cut."),
    "normal": N_("Normal: one sentence. “Two cats and a pizza on a green background.”"),
    "detailed": N_(
        "Detailed: everything I can tell. “Two cats and a pizza on a green background. Things: three.”"
    ),
}

FROM_NOW_ON: Final[dict[Style, str]] = {
    "short": N_("From now on my captions are short: at most 125 characters."),
    "normal": N_("From now on my captions are of normal length: one sentence."),
    "detailed": N_("From now on my captions are detailed: everything I can tell."),
}


def which(t: Translator, now: Style) -> str:
    question = t("How long should my captions be? Now they are: {style}.", style=t(LABELS[now]))
    return "\n\n".join([question, *(t(about) for about in ABOUT.values())])


def chosen(t: Translator, style: Style) -> str:
    return t(FROM_NOW_ON[style])


def unknown(t: Translator) -> str:
    return t("Please choose one of these:")


def label(t: Translator, style: Style) -> str:
    """On a button."""
    return t(LABELS[style]).capitalize()


def parse(t: Translator, name: str) -> Style | None:
    """The style with that name, in English or in the chat's language; None if there is none."""
    for style, label in LABELS.items():
        if name.strip().casefold() in (style, t(label).casefold()):
            return style
    return None
