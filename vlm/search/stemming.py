"""Words and their stems, so that 'Two CATS' matches 'a cat'. English, because queries and captions are.

    word   as it was written                       'Butterflies'
    stem   what is compared: Snowball's stem       'butterfli'

Not handled: synonyms ('kitty'). The model's text vectors cover those.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from snowballstemmer.english_stemmer import EnglishStemmer

MAX_CACHED_STEMS: Final = 32_768  # words: some 5 MB, more words than the captions of any model use
WORD: Final = re.compile(r"\w+")
STOP_WORDS: Final = frozenset(
    {
        "a", "an", "and", "any", "are", "at", "by", "for", "from", "have", "i", "in", "is", "it", "its", "me",
        "my", "of", "on", "or", "photo", "photograph", "picture", "some", "that", "the", "there", "this",
        "to", "was", "were", "where", "which", "with",
    }
)  # fmt: skip
NUMBER_WORDS: Final = {"1": "one", "2": "two", "3": "three", "4": "four", "5": "five"}
SPELLINGS: Final = {"grey": "gray"}
IRREGULAR_PLURALS: Final = {
    "bookshelves": "bookshelf", "buses": "bus", "calves": "calf", "children": "child", "dwarves": "dwarf",
    "elves": "elf", "feet": "foot", "gases": "gas", "geese": "goose", "halves": "half", "hooves": "hoof",
    "housewives": "housewife", "knives": "knife", "leaves": "leaf", "lives": "life", "loaves": "loaf",
    "mice": "mouse", "midwives": "midwife", "penknives": "penknife", "people": "person",
    "scarves": "scarf", "shelves": "shelf", "teeth": "tooth", "thieves": "thief", "werewolves": "werewolf",
    "wives": "wife", "wolves": "wolf",
}  # fmt: skip
_SUBSTITUTES: Final = NUMBER_WORDS | SPELLINGS | IRREGULAR_PLURALS


def terms(text: str) -> dict[str, str]:
    """The stems of a text, in order, each with the word as written. Stop words are left out."""
    words = WORD.findall(_plain(text.casefold()))
    return {term(word): word for word in words if word not in STOP_WORDS}


def _plain(text: str) -> str:
    if text.isascii():  # as captions are: much the faster
        return text.replace("'", "")
    letters = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in letters if not _is_dropped(letter))


def _is_dropped(letter: str) -> bool:
    """Whether it is an accent, or an apostrophe as in "don't" and "cat's"."""
    return letter in "'’" or bool(unicodedata.combining(letter))


def all_terms(texts: Iterable[str]) -> list[frozenset[str]]:
    """The stems of each text."""
    return [frozenset(terms(text)) for text in texts]


@lru_cache(maxsize=MAX_CACHED_STEMS)
def term(word: str) -> str:
    """The stem of a word in lower case, the same for singular and plural: houses -> hous, women -> woman.

    Source:  Snowball's English stemmer (Porter 2001); irregular plurals, which it leaves alone, are added.
    """
    # a new stemmer for each word: a stemmer keeps state, and several threads stem
    stem: str = EnglishStemmer().stemWord(_SUBSTITUTES.get(word, word))
    return stem[:-2] + "an" if stem.endswith("men") else stem
