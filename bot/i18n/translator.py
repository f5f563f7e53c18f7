"""The interface's sentences in one language, and how the language writes dates and numbers.

    bot/locales/CODE/LC_MESSAGES/bot.po   the sentences, for translators (see docs/translating.md)
    bot/locales/CODE/LC_MESSAGES/bot.mo   the same, compiled

A chat's language may have no catalog: then captions are in that language, and the interface is in English.

Telegram takes the direction of a line from its first letter. So in a language that is written from the right,
each line begins with a mark of that direction, and values and commands keep their own direction.
"""

import gettext
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final
from unicodedata import bidirectional

from babel import Locale
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_decimal

from vlm.memory import Memory
from vlm.text.languages import ENGLISH, code_of

DOMAIN: Final = "bot"
LOCALES: Final = Path(__file__).parents[1] / "locales"
CATALOGS: Final = ("en", "es", "de", "fr", "ru", "pt", "it", "uk", "hi", "zh", "ar", "ja")

FROM_RIGHT, FROM_LEFT = "\u200f", "\u200e"
APART, END_APART = "\u2068", "\u2069"
COMMAND: Final = re.compile(r"(?<![\w/])(?=/[a-z{])")
PLACE: Final = re.compile(r"(?<![/@\n])(\{\w+\})")  # not within a command, name or link


def N_(sentence: str) -> str:  # noqa: N802 - gettext's own name for it
    """The sentence as it is: it is translated later, where the language is known."""
    return sentence


class Translator:
    """Called with an English sentence, returns it in the language; `{named}` places are filled.

    tag      the chat's language, as Telegram has it ('pt-br'); '' is English
    locale   of the interface: the language's own where there is a catalog, else English
    """

    def __init__(self, tag: str) -> None:
        code = code_of(tag) if code_of(tag) in CATALOGS else ENGLISH
        self.tag = tag or ENGLISH
        self.locale = Locale(code)
        self._catalog = gettext.translation(DOMAIN, LOCALES, [code], fallback=True)

    def __call__(self, sentence: str, **values: str | int) -> str:
        return self._fill(self._catalog.gettext(sentence), values)

    def many(self, singular: str, plural: str, n: int, **values: str | int) -> str:
        """The sentence's form for the number `n`; `{n}` is filled."""
        return self._fill(self._catalog.ngettext(singular, plural, n), {"n": n, **values})

    def number(self, n: float) -> str:
        """'1,234.5' or '1.234,5'."""
        return format_decimal(n, locale=self.locale)

    def day(self, at_ms: int) -> str:
        """'May 3, 2026', in UTC. The month is a word: a screen reader reads it better than '3/5'."""
        return format_date(datetime.fromtimestamp(at_ms / 1000, UTC), "long", self.locale)

    def listed(self, names: Sequence[str]) -> str:
        """'a, b and c'."""
        apart = [f"{APART}{name}{END_APART}" for name in names] if self._from_right else names
        return format_list(apart, locale=self.locale)

    @property
    def _from_right(self) -> bool:
        return self.locale.text_direction == "rtl"

    def _fill(self, sentence: str, values: dict[str, str | int]) -> str:
        shown = {
            name: self.number(value) if isinstance(value, int) else value for name, value in values.items()
        }
        if self._from_right:
            sentence = COMMAND.sub(FROM_LEFT, PLACE.sub(rf"{APART}\1{END_APART}", sentence))
        text = sentence.format(**shown) if shown else sentence
        return "\n".join(map(_from_right, text.split("\n"))) if self._from_right else text


def _from_right(line: str) -> str:
    """The line, with a mark if its first letter would make it run from the left."""
    strong = (direction for letter in line if (direction := bidirectional(letter)) in ("L", "R", "AL"))
    return FROM_RIGHT + line if next(strong, "R") == "L" else line


@lru_cache(maxsize=256)
def translator_for(tag: str) -> Translator:
    """The translator for a language tag, made once."""
    return Translator(tag)


async def chat_translator(memory: Memory, chat: int) -> Translator:
    """The translator for a chat's language."""
    return translator_for((await memory.preferences(chat)).language)
