"""The grammar of English."""

from collections.abc import Sequence

from vlm.lab.languages.grammar import MANY, Slots, counted, enumerate_
from vlm.lab.languages.tables import Forms
from vlm.lab.vocabulary import article


class English:
    code = "en"
    pictures: tuple[Slots, ...] = ({"picture": "picture"}, {"picture": "photo"}, {"picture": "image"})

    def noun(self, forms: Forms) -> Slots:
        """From singular and plural."""
        noun, plural = forms
        return {"noun": noun, "plural": plural, "a_noun": f"{article(noun)} {noun}", "other": noun}

    def colour(self, forms: Forms) -> Slots:
        (shade,) = forms
        return {"shade": shade, "a_shade": f"{article(shade)} {shade}"}

    def number(self, forms: Forms, count: int) -> Slots:
        return {"number": forms[0]}

    def group(self, noun: Slots, count: int, number: str, colour: Slots | None) -> str:
        if colour:
            return f"{colour['shade']} {noun['plural' if count == MANY else 'noun']}"
        return counted(noun, count, number)

    def join(self, parts: Sequence[str]) -> str:
        return enumerate_(parts, "and")
