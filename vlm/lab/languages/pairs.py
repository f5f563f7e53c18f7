"""Random training pairs: a meaning, in one language and in another. Pure.

To English, the source is worded and typed freely and the target is the plain English sentence. From English,
the target is the reference. Some pairs share a word that is in no table: the model learns to copy it.
"""

import unicodedata
from dataclasses import replace
from random import Random
from typing import NamedTuple

from vlm.lab.languages.grammar import BARE, MANY
from vlm.lab.languages.random_words import random_word
from vlm.lab.languages.reference import Meaning, NounGroup, Reference
from vlm.lab.languages.tables import CODES, FOREIGN
from vlm.lab.positions import SIDES
from vlm.lab.vocabulary import COLOUR_NAMES, NOUNS

SLOT = "\ue000"  # where an invented word goes, once the rest is typed
QUESTIONS = (
    "count",
    "presence",
    "colour",
    "shade",
    "total",
    "listing",
    "relation",
    "beside",
    "where",
    "unknown",
)
KINDS = ("caption", "words", "question", "answer", "place", "more", "named", "copy")
ODDS = (0.22, 0.16, 0.33, 0.13, 0.02, 0.03, 0.07, 0.04)
FROM_ENGLISH = 0.58  # the harder direction: English shows neither gender nor case


GERMAN_ASCII = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})
UNCHANGED = 0.45  # of texts, typed as they are


class SentencePair(NamedTuple):
    """A text and its translation."""

    source: str
    text: str
    target: str
    translation: str


class PairSampler:
    """Draws pairs from a reference."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference

    def draw(self, rng: Random) -> SentencePair:
        """One pair, to or from English."""
        (kind,) = rng.choices(KINDS, ODDS)
        name = random_word(rng)
        if kind == "copy":
            source, target = rng.sample(CODES, 2)
            text = " ".join([name] + [random_word(rng) for _ in range(rng.randrange(3))])
            return SentencePair(source, text, target, text)
        meaning = self.meaning(kind, rng)
        code = rng.choice(FOREIGN)
        if rng.random() < FROM_ENGLISH:
            text = add_typos(self._reference.say(meaning, "en", rng), "en", rng)
            pair = SentencePair("en", text, code, self._reference.say(meaning, code))
        else:
            wording = self._reference.some_wording(meaning.row, code, rng)
            text = add_typos(self._reference.word(meaning, code, wording, rng), code, rng)
            template = self._reference.sentences[meaning.row].templates[code][wording]
            plain = self._reference.english_of(recoverable(meaning, code, template), code, wording)
            pair = SentencePair(code, text, "en", plain)
        return pair._replace(
            text=pair.text.replace(SLOT, name), translation=pair.translation.replace(SLOT, name)
        )

    def meaning(self, kind: str, rng: Random) -> Meaning:
        """A random meaning of the kind."""
        rows, row = self._reference.rows, None
        match kind:
            case "caption":
                return caption(self._reference, rng)
            case "words":
                return words(self._reference, rng)
            case "question":
                kind = rng.choice(QUESTIONS)
            case "place":
                places = rng.sample(rows["place"], 1 + (rng.random() < 0.3))
                return Meaning(rows["list"][0], tuple(NounGroup(place=row) for row in places))
            case "answer":
                if rng.random() < 0.5:
                    row = rows["answer"][-1]  # 'there is no cat'
        noun, other = (kind.name for kind in rng.sample(NOUNS, 2))
        return Meaning(
            row=row if row is not None else rng.choice(rows[kind]),
            noun=noun,
            other=other,
            side=rng.choice(SIDES),
            shade=_shade(rng),
            name=SLOT,
            picture=rng.randrange(3),
        )


def caption(reference: Reference, rng: Random) -> Meaning:
    """Captions with a background, and lists of things without one."""
    rows, draw = reference.rows, rng.random()
    if draw < 0.03:
        return Meaning(rng.choice(rows["alone"]), shade=_shade(rng))
    (kinds,) = rng.choices(range(1, 6), (0.26, 0.32, 0.22, 0.12, 0.08))
    nouns = rng.sample(range(len(NOUNS)), kinds)
    if rng.random() < 0.6:
        nouns.sort()  # as captions list them
    groups = [NounGroup(NOUNS[i].name, _count(rng)) for i in nouns]
    if rng.random() < 0.12:
        groups[-1] = NounGroup(count=_count(rng))
    if rng.random() < 0.05:
        groups[rng.randrange(kinds)] = NounGroup(name=SLOT)
    if draw < 0.25:
        return Meaning(rows["list"][0], tuple(groups))
    return Meaning(rows["ground"][0], tuple(groups), shade=_shade(rng))


def words(reference: Reference, rng: Random) -> Meaning:
    """Search queries: one or two things, bare or counted, perhaps a colour."""
    rows, draw = reference.rows, rng.random()
    if draw < 0.07:
        return Meaning(rng.choice(rows["alone"]), shade=_shade(rng))
    groups = [_searched(kind.name, rng) for kind in rng.sample(NOUNS, 1 + (rng.random() < 0.35))]
    if rng.random() < 0.08:
        groups[-1] = NounGroup(name=SLOT)
    if draw < 0.75:
        return Meaning(rows["list"][0], tuple(groups))
    return Meaning(rng.choice(rows["ground"]), tuple(groups), shade=_shade(rng))


def _searched(noun: str, rng: Random) -> NounGroup:
    draw = rng.random()
    if draw < 0.3:
        return NounGroup(noun, BARE)
    if draw < 0.5:
        return NounGroup(noun, MANY)
    if draw < 0.65:
        return NounGroup(noun, BARE if rng.random() < 0.6 else MANY, shade=_shade(rng))
    return NounGroup(noun, _count(rng))


def _count(rng: Random) -> int:
    (count,) = rng.choices(range(1, 6), (0.45, 0.22, 0.14, 0.1, 0.09))
    return count


def _shade(rng: Random) -> str:
    return rng.choice(COLOUR_NAMES)


def recoverable(meaning: Meaning, code: str, template: str) -> Meaning:
    """The part of a meaning that a foreign text preserves: in Russian, for example, no article."""
    if "picture" not in template and "{in_this}" not in template:
        meaning = replace(meaning, picture=0)
    if code != "ru":  # where an image is called as a picture is
        return replace(meaning, picture=meaning.picture % 2)
    return replace(meaning, groups=tuple(_with_article(group) for group in meaning.groups))


def _with_article(group: NounGroup) -> NounGroup:
    return replace(group, count=1) if group.count == BARE and not group.shade else group


def add_typos(text: str, code: str, rng: Random) -> str:
    """The text as people may type it: without accents, capitals or question marks."""
    if rng.random() < UNCHANGED:
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
        return text.translate(GERMAN_ASCII)
    text = text.replace("œ", "oe").replace("ß", "ss")
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
