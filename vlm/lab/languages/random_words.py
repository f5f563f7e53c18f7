"""Random words that are in no table: names, nonsense, numbers. Pure."""

from random import Random
from string import ascii_letters, ascii_lowercase, digits

LATIN = ("bcdfghjklmnpqrstvwxz", "aeiouy")
CYRILLIC = ("бвгджзйклмнпрстфхцчшщ", "аеёиоуыэюя")
ACCENTED = ("bcdfghjklmnñprstvß", "aáäâeéèêiíïoóöôuúüù")
SIGNS = ascii_letters + digits + "_-.@#/:&+"


def random_word(rng: Random) -> str:
    """One random word."""
    draw = rng.random()
    if draw < 0.72:
        letters = LATIN if draw < 0.5 else CYRILLIC if draw < 0.62 else ACCENTED
        return _cased(_syllables(*letters, rng), rng)
    if draw < 0.84:
        return _cased("".join(rng.choices(ascii_lowercase, k=rng.randrange(3, 10))), rng)
    if draw < 0.92:
        return "".join(rng.choices(SIGNS, k=rng.randrange(3, 12)))
    return "".join(rng.choices(digits, k=rng.randrange(1, 7)))


def _syllables(consonants: str, vowels: str, rng: Random) -> str:
    pieces = []
    for _ in range(int(rng.randrange(1, 5))):
        pieces.append(consonants[rng.randrange(len(consonants))] if rng.random() < 0.9 else "")
        pieces.append(vowels[rng.randrange(len(vowels))])
        pieces.append(consonants[rng.randrange(len(consonants))] if rng.random() < 0.4 else "")
    return "".join(pieces)


def _cased(word: str, rng: Random) -> str:
    draw = rng.random()
    if draw < 0.6:
        return word[:1].upper() + word[1:]
    return word.upper() if draw < 0.68 else word
