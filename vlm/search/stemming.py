"""The words of a text, so that 'Two CATS' and 'a cat' meet. Pure; English, as all that is compared is.

    word   as it was written         'Butterflies'
    term   what is compared          'butterfli'

Not handled: synonyms ('kitty'); the model's own sense of the words is there for them.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

WORD: Final = re.compile(r"\w+")
SILENT: Final = frozenset(
    {
        "a", "an", "and", "any", "are", "at", "by", "for", "from", "have", "i", "in", "is", "it", "its", "me",
        "my", "of", "on", "or", "photo", "photograph", "picture", "some", "that", "the", "there", "this",
        "to", "was", "were", "where", "which", "with",
    }
)  # fmt: skip
ONE_OF: Final = {
    "children": "child", "feet": "foot", "geese": "goose", "mice": "mouse", "people": "person",
    "teeth": "tooth", "wolves": "wolf", "grey": "gray",
    "1": "one", "2": "two", "3": "three", "4": "four", "5": "five",
}  # fmt: skip


def terms(text: str) -> dict[str, str]:
    """What is compared of a text, in order, each with the word that it was written as."""
    words = WORD.findall(_plain(text.casefold()))
    return {term(word): word for word in words if word not in SILENT}


def _plain(text: str) -> str:
    if text.isascii():  # as captions are: much the faster
        return text.replace("'", "")
    letters = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in letters if not _dropped(letter))


def _dropped(letter: str) -> bool:
    """Accents, and the apostrophes of "don't" and "cat's"."""
    return letter in "'’" or bool(unicodedata.combining(letter))


def all_terms(texts: Iterable[str]) -> list[frozenset[str]]:
    """The terms of each text."""
    return [frozenset(terms(text)) for text in texts]


def term(word: str) -> str:
    """One form for singular and plural: house, houses -> hous; knife, knives -> knif; bus, buses -> bus."""
    stem = ONE_OF.get(word, word)
    if stem.endswith("s") and not stem.endswith(("ss", "us")) and len(stem) > 3:
        stem = stem[:-1]
    if stem.endswith("e") and not stem.endswith("ee") and len(stem) > 3:
        stem = stem[:-1]
    if stem.endswith("men"):
        return stem[:-2] + "an"
    return stem[:-1] + {"y": "i", "v": "f"}.get(stem[-1], stem[-1])
