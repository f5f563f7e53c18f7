"""Determines which photo of an album a question is about. Pure.

A number at the beginning ('2: what colour is it?', '#2 ...'), a word ('the second', 'the last'), or all of
them ('in all of them'). The words are those of English and of the chat's language.
"""

import re
from typing import Final

from bot.i18n.translator import FROM_RIGHT, N_, Translator

ALL: Final = 0

# What people type: commas between the ten, slashes between synonyms.
ORDINALS: Final = N_("first, second, third, fourth, fifth, sixth, seventh, eighth, ninth, tenth")
LAST: Final = N_("last")
EVERY: Final = N_("all/every/each/both")

_NUMBER: Final = re.compile(r"\s*(?:#|№)?\s*(\d{1,2})(?!\w)\s*[.:,;)–-]*\s*")
_TOGETHER: Final = ("zh", "ja")  # written without blanks between the words


def selected_photo(t: Translator, text: str, count: int) -> int | None:
    """The number of the photo, ALL, or None if the text does not say."""
    if (number := _NUMBER.match(text)) and 1 <= int(number[1]) <= count:
        return int(number[1])
    if _has(t, text, EVERY):
        return ALL
    if _has(t, text, LAST):
        return count
    numbers = [n for n in range(1, count + 1) if n <= 10 and _has(t, text, ORDINALS, n)]
    return numbers[0] if len(numbers) == 1 else None


def without_number(text: str) -> str:
    """The question without the number before it."""
    return _NUMBER.sub("", text, count=1) if _NUMBER.match(text) else text


def _has(t: Translator, text: str, words: str, nth: int = 1) -> bool:
    return any(_contains(t, text, word) for listed in {words, t(words)} for word in _words(listed, nth))


def _words(listed: str, nth: int) -> list[str]:
    parts = re.split("[,،、]", listed.replace(FROM_RIGHT, ""))
    return [word.strip().lower() for word in parts[nth - 1].split("/")] if nth <= len(parts) else []


def _contains(t: Translator, text: str, word: str) -> bool:
    if not word:
        return False
    if t.locale.language in _TOGETHER and not word.isascii():
        return word in text
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text.lower()) is not None
