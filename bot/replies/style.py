"""How long captions are."""

from typing import Final

from bot.i18n.translator import N_, Tongue
from vlm.protocol import Style

LABELS: Final[dict[Style, str]] = {"short": N_("short"), "normal": N_("normal"), "detailed": N_("detailed")}

ABOUT: Final[dict[Style, str]] = {
    "short": N_("Short: at most 125 characters, made for screen readers. What is longer is cut."),
    "normal": N_("Normal: one sentence. “Two cats and a pizza on a green background.”"),
    "detailed": N_(
        "Detailed: all that I can tell. “Two cats and a pizza on a green background. Things: three.”"
    ),
}

FROM_NOW_ON: Final[dict[Style, str]] = {
    "short": N_("From now on my captions are short: at most 125 characters."),
    "normal": N_("From now on my captions are of normal length: one sentence."),
    "detailed": N_("From now on my captions are detailed: all that I can tell."),
}


def which(_: Tongue, now: Style) -> str:
    asked = _("How long shall my captions be? Now they are: {style}.", style=_(LABELS[now]))
    return "\n\n".join([asked, *(_(about) for about in ABOUT.values())])


def chosen(_: Tongue, style: Style) -> str:
    return _(FROM_NOW_ON[style])


def unknown(_: Tongue) -> str:
    return _("Choose one of these, please:")


def label(_: Tongue, style: Style) -> str:
    """On a button."""
    return _(LABELS[style]).capitalize()


def read(_: Tongue, words: str) -> Style | None:
    """The style that somebody wrote, in English or in their language."""
    for style, named in LABELS.items():
        if words.strip().casefold() in (style, _(named).casefold()):
            return style
    return None
