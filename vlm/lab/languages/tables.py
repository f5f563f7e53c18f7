"""The two tables: words and sentences with their translations.

    words.tsv      kind (noun, colour, number), the English word, and its forms in each language
                     es, fr  singular, plural, gender (f* m*: Spanish says 'el', French does not elide)
                     de      singular, plural, gender [weak], dat= where the dative is irregular
                     ru      nominative, genitive, instrumental, plural, genitive plural, gender [a: animate],
                             few= after 2 to 4, acc= where it follows no rule; gender p: has no singular
                     colour  es, fr  m, f, m plural, f plural;  de  predicate, stem (-: is never declined);
                             ru  m, f, n, plural, prepositional m
    sentences.tsv  kind, the English sentence as `vlm.lab.questions` words it, and its counterparts

' / ' separates alternatives in both: the first is written, the others are understood.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

CODES = ("en", "es", "de", "fr", "ru")
FOREIGN = CODES[1:]
NAMES = {"en": "English", "es": "Spanish", "de": "German", "fr": "French", "ru": "Russian"}

Forms = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Word:
    """A row of words.tsv: for each foreign language the forms of each alternative."""

    kind: str
    english: str
    forms: dict[str, tuple[Forms, ...]]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A row of sentences.tsv: templates with slots, English among them."""

    kind: str
    templates: dict[str, tuple[str, ...]]

    @property
    def english(self) -> str:
        return self.templates["en"][0]

    @property
    def asks(self) -> bool:
        return self.templates["es"][0].endswith("?")


def read_words() -> list[Word]:
    return [
        Word(kind, english, {code: _forms(cell) for code, cell in zip(FOREIGN, cells, strict=True)})
        for kind, english, *cells in _rows("words.tsv")
    ]


def read_sentences() -> list[Sentence]:
    return [
        Sentence(kind, {code: tuple(cell.split(" / ")) for code, cell in zip(CODES, cells, strict=True)})
        for kind, *cells in _rows("sentences.tsv")
    ]


def _forms(cell: str) -> tuple[Forms, ...]:
    return tuple(tuple(form.strip() for form in alternative.split(",")) for alternative in cell.split(" / "))


def _rows(name: str) -> Iterator[list[str]]:
    text = files("vlm.lab.languages").joinpath(name).read_text(encoding="utf-8")
    for line in text.splitlines()[1:]:  # the first names the columns
        yield line.split("\t")
