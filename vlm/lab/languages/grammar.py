"""The protocol of a grammar, which turns the forms of a table into slots of sentences.

noun     slots of a noun: {noun} {plural} {a_noun} {the} {of_the} ...   each language has its own
colour   slots of a background's colour: {shade} ...
number   slots of a number: {number} ...
group    'two cats', 'cats', 'a red cat'
join     'a cat, a dog and a pizza'
pictures slots for a picture, a photo, an image
"""

from collections.abc import Sequence
from typing import Protocol

from vlm.lab.languages.tables import Forms

Slots = dict[str, str]

BARE = 0  # 'cat'
MANY = -1  # 'cats'


class Grammar(Protocol):
    """One language. `count` is BARE, MANY, or a number from one on."""

    code: str
    pictures: tuple[Slots, ...]

    def noun(self, forms: Forms) -> Slots: ...

    def colour(self, forms: Forms) -> Slots: ...

    def number(self, forms: Forms, count: int) -> Slots: ...

    def group(self, noun: Slots, count: int, number: str, colour: Slots | None) -> str:
        """`number` is the count's word. A coloured group is BARE or MANY."""
        ...

    def join(self, parts: Sequence[str]) -> str: ...


def counted(noun: Slots, count: int, number: str) -> str:
    """A group where one article and one plural do for all numbers."""
    if count == 1:
        return noun["a_noun"]
    if count == BARE:
        return noun["noun"]
    return noun["plural"] if count == MANY else f"{number} {noun['plural']}"


def enumerate_(parts: Sequence[str], conjunction: str) -> str:
    """'a', 'a and b', 'a, b and c'; a part that ends a clause brings its own comma."""
    if len(parts) == 1:
        return parts[0]
    listed = ", ".join(part.rstrip(",") for part in parts[:-1])
    comma = "," if parts[-2].endswith(",") else ""
    return f"{listed}{comma} {conjunction} {parts[-1]}"
