"""What the bot says about a photo, the buttons under its caption, and the questions that they suggest.

    q:PHOTO:QUESTION                a suggested question
    detail:PHOTO    another:PHOTO   another caption: longer, or in other words
    english:PHOTO   edit:PHOTO      the English original; the owner's own words
    delete:PHOTO                    asks: really:PHOTO, keep:PHOTO

QUESTION is one of these. Captions are read in English; THINGS are named in English only.

    many:THINGS   How many cats are there?           'two cats and a pizza'
    happening     What is happening here?            'a dog running on grass'
    background    What colour is the background?     when nothing fits better
    picture       What is in the picture?            likewise
"""

import re
from typing import Final

from telegram import InlineKeyboardMarkup

from bot.i18n.translator import Translator
from bot.replies.layout import button, keyboard
from vlm.memory import Photo
from vlm.text.languages import ENGLISH, code_of

ASK: Final = "q"
DETAIL: Final = "detail"
ANOTHER: Final = "another"
IN_ENGLISH: Final = "english"
EDIT: Final = "edit"
DELETE: Final = "delete"
REALLY: Final = "really"
KEEP: Final = "keep"

MAX_SUGGESTIONS: Final = 2
MAX_THINGS_BYTES: Final = 24  # a button's data has 64 in all

_NUMBER: Final = "two|three|four|five|six|seven|eight|nine|ten|several|many|some|few"
_PLURAL: Final = r"[a-z]{2,}[^s\W]s|people|men|women|children|sheep|geese|mice|fish"
_MANY: Final = re.compile(rf"\b(?:{_NUMBER}) ((?:[a-z]+ ){{0,2}}?(?:{_PLURAL}))\b")
_NOUNS: Final = "building|ceiling|painting|morning|evening|string|spring|clothing|sibling"
_HAPPENING: Final = re.compile(rf"\b(?!(?:{_NOUNS})\b)[a-z]{{3,}}ing\b")


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
    """A caption, and below it whatever else there is to say about it, each on its own line."""
    lines = [t("Your caption: {text}", text=text) if is_owners else t("AI caption: {text}", text=text)]
    if in_english:
        lines.append(t("In English: {text}", text=in_english))
    if stayed_english:
        lines.append(still_english(t))
    if note:
        lines.append(t("Your note is kept: {note}", note=note))
    return "\n".join(lines)


def still_english(t: Translator) -> str:
    return t("I could not translate this into your language, so it stays in English.")


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
    return t("Should I forget this photo, its caption and its answers?")


def deleted(t: Translator) -> str:
    return t("I have forgotten this photo and everything said about it.")


def not_yours(t: Translator) -> str:
    return t("Only the person who sent this photo, or an administrator, can delete it.")


def gone(t: Translator) -> str:
    return t("I do not have this photo any more. Please send it again.")


def no_other_wording(t: Translator) -> str:
    return t("I have no other words for this photo. You can write your own: /edit")


def caption_buttons(t: Translator, photo: Photo, *, in_english: bool = False) -> InlineKeyboardMarkup:
    """What can be done with a captioned photo. `in_english`: its English original is shown already."""
    questions = [
        [button(suggested_question(t, key), ASK, f"{photo.id}:{key}")]
        for key in suggestions(photo.correction or photo.caption)
    ]
    wordings = [
        button(more_detail(t), DETAIL, photo.id),
        button(another_wording(t), ANOTHER, photo.id),
    ]
    if photo.localized_caption not in ("", photo.caption) and not in_english:
        wordings.append(button(show_english(t), IN_ENGLISH, photo.id))
    last = [button(correct_it(t), EDIT, photo.id), button(delete(t), DELETE, photo.id)]
    return InlineKeyboardMarkup([*questions, *([] if photo.correction else [wordings]), last])


def delete_buttons(t: Translator, photo: str) -> InlineKeyboardMarkup:
    """In their place, before a photo is deleted."""
    return keyboard([button(really_delete(t), REALLY, photo), button(keep(t), KEEP, photo)])


def suggestions(caption: str) -> list[str]:
    """The keys of the questions that fit a caption best."""
    text = caption.lower()
    many = _MANY.search(text)
    keys = []
    if many and len(many[1].encode()) <= MAX_THINGS_BYTES:
        keys.append(f"many:{many[1]}")
    if _HAPPENING.search(text):
        keys.append("happening")
    return [*keys, "background", "picture"][:MAX_SUGGESTIONS]


def suggested_question(t: Translator, key: str) -> str:
    """The question of a key, in the chat's language; '' for an unknown key."""
    kind, _colon, things = key.partition(":")
    match kind:
        case "many" if things and code_of(t.tag) == ENGLISH:
            return t("How many {things} are there?", things=things)
        case "many":
            return t("How many things are there?")
        case "happening":
            return t("What is happening here?")
        case "background":
            return t("What colour is the background?")
        case "picture":
            return t("What is in the picture?")
    return ""
