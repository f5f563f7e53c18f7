"""Questions that fit a caption, to be asked by a button. Pure.

    many:THINGS   How many cats are there?           'two cats and a pizza'
    happening     What is happening here?            'a dog running on grass'
    background    What colour is the background?     when nothing fits better
    picture       What is in the picture?            likewise

Captions are read in English. THINGS are said in English only: in other languages the question does without.
"""

import re
from typing import Final

from bot.i18n.translator import Translator
from vlm.text.languages import ENGLISH, code_of

SHOWN: Final = 2
MAX_THINGS_BYTES: Final = 24  # a button's data has 64 in all

_NUMBER: Final = "two|three|four|five|six|seven|eight|nine|ten|several|many|some|few"
_PLURAL: Final = r"[a-z]{2,}[^s\W]s|people|men|women|children|sheep|geese|mice|fish"
_MANY: Final = re.compile(rf"\b(?:{_NUMBER}) ((?:[a-z]+ ){{0,2}}?(?:{_PLURAL}))\b")
_NOUNS: Final = "building|ceiling|painting|morning|evening|string|spring|clothing|sibling"
_HAPPENING: Final = re.compile(rf"\b(?!(?:{_NOUNS})\b)[a-z]{{3,}}ing\b")


def suggested(caption: str) -> list[str]:
    """The keys of the questions that fit best."""
    words = caption.lower()
    found = _MANY.search(words)
    keys = []
    if found and len(found[1].encode()) <= MAX_THINGS_BYTES:
        keys.append(f"many:{found[1]}")
    if _HAPPENING.search(words):
        keys.append("happening")
    return [*keys, "background", "picture"][:SHOWN]


def question(t: Translator, key: str) -> str:
    """The question of a key, in the chat's language; '' for a key that is none."""
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
