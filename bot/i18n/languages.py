"""Languages by the names that people give them: 'deutsch', 'German', 'allemand', 'pt-BR', 'nb'. Pure.

    code   what `vlm.text.languages` knows    'pt'
    tag    what Telegram has             'pt-br'
    name   in any of the languages that the interface speaks, and in its own

Not handled: scripts; Chinese and Serbian come in one each.
"""

import re
import unicodedata
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

from babel import Locale, UnknownLocaleError

from bot.i18n.translator import CATALOGS
from vlm.text.languages import NAMES, code_of

MOST_NEAR: Final = 3
ALIKE: Final = 0.7
TAG: Final = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
ELSEWHERE: Final = {"tl": "fil", "ns": "nso"}  # as babel calls them


def read(words: str) -> str:
    """The tag of the language that is meant; '' if none is known by that name."""
    tag = words.strip().lower().replace("_", "-")
    found = _names().get(_plain(words))
    return found or (tag if TAG.fullmatch(tag) and code_of(tag) in NAMES else "")


def near(words: str) -> list[str]:
    """The codes of the languages with the most similar names, best first; perhaps none."""
    alike = get_close_matches(_plain(words), _names(), n=4 * MOST_NEAR, cutoff=ALIKE)
    return list(dict.fromkeys(code_of(_names()[name]) for name in alike))[:MOST_NEAR]


@lru_cache(maxsize=128)
def own_name(tag: str) -> str:
    """What a language calls itself: 'Deutsch', 'Français'. In English where babel does not know."""
    code = code_of(tag)
    try:
        name = Locale(ELSEWHERE.get(code, code)).get_language_name()
    except UnknownLocaleError:
        name = None
    name = name or NAMES.get(code, tag)
    return name[:1].upper() + name[1:]


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    """Every name of every language, and its tag. A third of a second: some hundred locales are read."""
    names: dict[str, str] = {}
    for catalog in CATALOGS:
        for key, name in Locale(catalog).languages.items():
            tag = key.lower().replace("_", "-")
            if code_of(tag) in NAMES:
                names.setdefault(_plain(name), tag)
    names |= {_plain(name): code for code, name in NAMES.items()}
    return names | {_plain(own_name(code)): code for code in NAMES}


def _plain(words: str) -> str:
    """Without case, accents and what stands around: 'Português' and 'portugues' meet."""
    letters = unicodedata.normalize("NFKD", words.casefold())
    return " ".join("".join(one for one in letters if not unicodedata.combining(one)).split())
