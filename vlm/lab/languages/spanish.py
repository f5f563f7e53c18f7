"""Spanish: two genders; 'el águila' though it is feminine; 'y' becomes 'e' before an i."""

import re
from collections.abc import Sequence

from vlm.lab.languages.grammar import Slots, enumerate_
from vlm.lab.languages.romance import Romance
from vlm.lab.languages.tables import Forms

SOUNDS_LIKE_I = re.compile(r"h?[ií](?![aeo])", re.IGNORECASE)  # not 'hielo', whose i is no vowel


class Spanish(Romance):
    code = "es"
    pictures: tuple[Slots, ...] = tuple(
        {"picture": f"la {word}", "in_picture": f"en la {word}", "in_this": f"en esta {word}"}
        for word in ("imagen", "foto", "imagen")
    )

    def noun(self, forms: Forms) -> Slots:
        noun, plural, gender = forms
        feminine = gender[0] == "f"
        un, el, ningun, algun = (
            ("una", "la", "ninguna", "alguna") if gender == "f" else ("un", "el", "ningún", "algún")
        )
        of, to = ("del", "al") if el == "el" else ("de la", "a la")
        return {
            "noun": noun,
            "plural": plural,
            "gender": gender[0],
            "a_noun": f"{un} {noun}",
            "the": f"{el} {noun}",
            "the_plural": f"{'las' if feminine else 'los'} {plural}",
            "of_the": f"{of} {noun}",
            "to_the": f"{to} {noun}",
            "no": f"{ningun} {noun}",
            "any": f"{algun} {noun}",
            "some_plural": f"{'algunas' if feminine else 'algunos'} {plural}",
            "how_many": "cuántas" if feminine else "cuántos",
        }

    def join(self, parts: Sequence[str]) -> str:
        return enumerate_(parts, "e" if SOUNDS_LIKE_I.match(parts[-1]) else "y")
