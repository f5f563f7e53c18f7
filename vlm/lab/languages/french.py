"""French: two genders; le, la and de lose their vowel before another, but not before 'hibou'."""

from collections.abc import Sequence

from vlm.lab.languages.grammar import Slots, enumerate_
from vlm.lab.languages.romance import Romance
from vlm.lab.languages.tables import Forms

VOWELS = "aàâeéèêiîïoôœuùûyh"  # an h is silent, unless the table's star says otherwise


class French(Romance):
    code = "fr"
    pictures: tuple[Slots, ...] = tuple(
        {"picture": the, "in_picture": f"sur {the}", "in_this": f"sur cette {word}"}
        for the, word in (("l'image", "image"), ("la photo", "photo"), ("l'image", "image"))
    )

    def noun(self, forms: Forms) -> Slots:
        noun, plural, gender = forms
        feminine, elides = gender[0] == "f", noun[0] in VOWELS and "*" not in gender
        article = "l'" if elides else "la " if feminine else "le "
        of = "d'" if elides else "de "
        return {
            "noun": noun,
            "plural": plural,
            "gender": gender[0],
            "a_noun": f"{'une' if feminine else 'un'} {noun}",
            "the": f"{article}{noun}",
            "the_plural": f"les {plural}",
            "of": f"{of}{noun}",
            "of_plural": f"{of}{plural}",
            "of_the": f"du {noun}" if article == "le " else f"de {article}{noun}",
            "il": "elle" if feminine else "il",
            "e": "e" if feminine else "",
        }

    def join(self, parts: Sequence[str]) -> str:
        return enumerate_(parts, "et")
