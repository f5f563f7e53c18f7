"""Languages by the names that people give them: 'deutsch', 'German', 'allemand', 'pt-BR', 'nb'. Pure.

    code   of `vlm.text.languages`    'pt'
    tag    of Telegram                'pt-br'
    name   in any of the interface's languages, and in the language itself

Not covered: scripts; Chinese and Serbian are known in one each.
"""

import re
import unicodedata
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

from babel import Locale, UnknownLocaleError

from bot.i18n.translator import CATALOGS
from vlm.text.languages import NAMES, code_of

MAX_SIMILAR: Final = 3
MIN_SIMILARITY: Final = 0.7
TAG: Final = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
BABEL_CODES: Final = {"tl": "fil", "ns": "nso"}


def tag_of(name: str) -> str:
    """The tag of the language with that name or code; '' if there is none."""
    tag = name.strip().lower().replace("_", "-")
    return _names().get(_plain(name)) or (tag if TAG.fullmatch(tag) and code_of(tag) in NAMES else "")


def similar(name: str) -> list[str]:
    """The codes of the languages with the most similar names, best first; perhaps none."""
    alike = get_close_matches(_plain(name), _names(), n=4 * MAX_SIMILAR, cutoff=MIN_SIMILARITY)
    return list(dict.fromkeys(code_of(_names()[name]) for name in alike))[:MAX_SIMILAR]


@lru_cache(maxsize=128)
def own_name(tag: str) -> str:
    """A language's name in the language itself: 'Deutsch', 'Français'. In English if babel has none."""
    code = code_of(tag)
    try:
        name = Locale(BABEL_CODES.get(code, code)).get_language_name()
    except UnknownLocaleError:
        name = None
    name = name or NAMES.get(code, tag)
    return name[:1].upper() + name[1:]


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    """Names of all languages -> their tags. Takes a third of a second: it reads some hundred locales."""
    names: dict[str, str] = {}
    for catalog in CATALOGS:
        for key, name in Locale(catalog).languages.items():
            tag = key.lower().replace("_", "-")
            if code_of(tag) in NAMES:
                names.setdefault(_plain(name), tag)
    names |= {_plain(name): code for code, name in NAMES.items()}
    return names | {_plain(own_name(code)): code for code in NAMES}


def _plain(name: str) -> str:
    """Without case, accents and surrounding blanks: 'Português' becomes 'portugues'."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(char for char in letters if not unicodedata.combining(char)).split())
