"""Text as people type it into a chat: without accents, capitals, or question marks. Pure."""

import unicodedata
from random import Random

GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})
CLEAN = 0.45


def add_typos(text: str, code: str, rng: Random) -> str:
    """The text, or a carelessly typed version of it."""
    if rng.random() < CLEAN:
        return text
    careless = [rng.random() < odds for odds in (0.35, 0.5, 0.3, 0.3, 0.06, 0.1)]
    if careless[0]:
        text = without_accents(text, code, german_pairs=rng.random() < 0.5)
    if careless[1]:
        text = text.lower()
    if careless[2]:
        text = text.rstrip("? ")
    if careless[3]:
        text = text.lstrip("¿")
    if careless[4]:
        text = text.upper()
    if careless[5]:
        text = text[:1].upper() + text[1:]
    return text


def without_accents(text: str, code: str, *, german_pairs: bool = False) -> str:
    """'cámara' as 'camara', 'ёж' as 'еж', 'Bär' as 'Bar' or 'Baer'; Russian keeps its й."""
    if code == "ru":
        return text.replace("ё", "е").replace("Ё", "Е")
    if code == "de" and german_pairs:
        return text.translate(GERMAN)
    text = text.replace("œ", "oe").replace("ß", "ss")
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
