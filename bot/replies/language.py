"""What is said about languages: which there are, and which one it is now."""

from collections.abc import Sequence

from bot.i18n.languages import own_name
from bot.i18n.translator import CATALOGS, Tongue
from vlm.text.languages import ENGLISH, code_of


def which(_: Tongue, written: set[str] | None) -> str:
    """`written` are the codes that the models here can write; None: nobody knows just now."""
    asked = _("Which language shall I speak? Choose one, or write it, for example: /lang español")
    mute = [own_name(code) for code in CATALOGS if written is not None and not can_write(code, written)]
    if not mute:
        return asked
    return f"{asked}\n\n{_('Interface only, captions stay in English: {names}.', names=_.listed(mute))}"


def more(_: Tongue) -> str:
    return _("In these I write captions and answers. Buttons and help stay in English.")


def chosen(_: Tongue, written: set[str] | None) -> str:
    """Said in the language that was chosen, as far as there are words."""
    language = own_name(_.tag)
    if code_of(_.tag) not in CATALOGS:
        return _(
            "Captions and answers come in {language} from now on, if the model here can write it. "
            "Buttons and help stay in English.",
            language=language,
        )
    if written is not None and not can_write(_.tag, written):
        return _(
            "Buttons and help are in {language} from now on. "
            "The model that runs here cannot write it, so captions and answers stay in English.",
            language=language,
        )
    return _("I speak {language} from now on: captions, answers, buttons and help.", language=language)


def nobody_speaks(_: Tongue, tag: str) -> str:
    return _("I do not speak {language} yet. Choose one of these:", language=own_name(tag))


def unknown(_: Tongue, words: str, near: Sequence[str]) -> str:
    if near:
        return _("I do not know a language named “{words}”. Did you mean one of these?", words=words)
    return _("I do not know a language named “{words}”. Choose one of these:", words=words)


def other_languages(_: Tongue) -> str:
    """On a button."""
    return _("More languages")


def can_write(tag: str, written: set[str]) -> bool:
    return code_of(tag) == ENGLISH or code_of(tag) in written
