"""What Spanish and French share: numbers of one form, colours that follow a noun and agree with it."""

from vlm.lab.languages.grammar import MANY, Slots, counted
from vlm.lab.languages.tables import Forms


class Romance:
    """The half of a grammar that both share."""

    def colour(self, forms: Forms) -> Slots:
        return dict(zip(("shade", "f", "m_plural", "f_plural"), forms, strict=True))

    def number(self, forms: Forms, count: int) -> Slots:
        return {"number": forms[0]}

    def group(self, noun: Slots, count: int, number: str, colour: Slots | None) -> str:
        if colour:
            return f"{counted(noun, count, number)} {_agreeing(colour, noun, count)}"
        return counted(noun, count, number)


def _agreeing(colour: Slots, noun: Slots, count: int) -> str:
    if noun["gender"] == "f":
        return colour["f_plural" if count == MANY else "f"]
    return colour["m_plural" if count == MANY else "shade"]
