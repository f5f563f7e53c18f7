"""What the bot says about languages: the available ones, and that of the chat."""

from collections.abc import Sequence

from bot.i18n.languages import own_name
from bot.i18n.translator import CATALOGS, Translator
from vlm.text.languages import ENGLISH, code_of


def which(t: Translator, model_languages: set[str] | None) -> str:
    """`model_languages`: codes of the languages that the models write; None while no worker runs."""
    question = t("Which language should I speak? Choose one, or write it, for example: /lang español")
    codes = (
        [] if model_languages is None else [code for code in CATALOGS if not can_write(code, model_languages)]
    )
    if not codes:
        return question
    names = t.listed([own_name(code) for code in codes])
    return f"{question}\n\n{t('Interface only, captions stay in English: {names}.', names=names)}"


def more(t: Translator) -> str:
    return t("I write captions and answers in these. Buttons and help stay in English.")


def chosen(t: Translator, model_languages: set[str] | None) -> str:
    """In the chosen language, if it has a catalog."""
    language = own_name(t.tag)
    if code_of(t.tag) not in CATALOGS:
        return t(
            "From now on captions and answers are in {language}, if the model here can write it."
            " Buttons and help stay in English.",
            language=language,
        )
    if model_languages is not None and not can_write(t.tag, model_languages):
        return t(
            "Buttons and help are in {language} from now on. "
            "The model that runs here cannot write it, so captions and answers stay in English.",
            language=language,
        )
    return t("From now on I speak {language}: captions, answers, buttons and help.", language=language)


def not_supported(t: Translator, tag: str) -> str:
    return t("I do not speak {language} yet. Choose one of these:", language=own_name(tag))


def unknown(t: Translator, name: str, similar: Sequence[str]) -> str:
    if similar:
        return t("I do not know a language named “{words}”. Did you mean one of these?", words=name)
    return t("I do not know a language named “{words}”. Choose one of these:", words=name)


def other_languages(t: Translator) -> str:
    """On a button."""
    return t("More languages")


def can_write(tag: str, model_languages: set[str]) -> bool:
    return code_of(tag) == ENGLISH or code_of(tag) in model_languages
