"""German: three genders, four cases; weak nouns take -en; adjectives end by case and article."""

from collections.abc import Sequence

from vlm.lab.languages.grammar import MANY, Slots, counted, enumerate_
from vlm.lab.languages.tables import Forms

NOMINATIVE = {"m": ("ein", "der", "er"), "f": ("eine", "die", "e"), "n": ("ein", "das", "es")}
ACCUSATIVE = {"m": ("einen", "den"), "f": ("eine", "die"), "n": ("ein", "das")}
DATIVE = {"m": ("dem", "vom"), "f": ("der", "von der"), "n": ("dem", "vom")}


class German:
    code = "de"
    pictures: tuple[Slots, ...] = tuple(
        {
            "picture": f"das {word}",
            "of_picture": f"des {word}s" if word == "Foto" else f"des {word}es",
            "in_picture": f"auf dem {word}",
            "in_this": f"auf diesem {word}",
        }
        for word in ("Bild", "Foto", "Bild")
    )

    def noun(self, forms: Forms) -> Slots:
        noun, plural, kind, *irregular = forms
        gender, weak = kind[0], kind.endswith("weak")
        (ein, der, _), (einen, den), (dem, vom) = NOMINATIVE[gender], ACCUSATIVE[gender], DATIVE[gender]
        oblique = plural if weak else noun  # den Bären, dem Bären
        dative = irregular[0].removeprefix("dat=") if irregular else oblique
        return {
            "noun": noun,
            "plural": plural,
            "gender": gender,
            "a_noun": f"{ein} {noun}",
            "acc": f"{einen} {oblique}",
            "no": f"k{ein} {noun}",
            "no_acc": f"k{einen} {oblique}",
            "the": f"{der} {noun}",
            "the_acc": f"{den} {oblique}",
            "the_plural": f"die {plural}",
            "dat": f"{dem} {dative}",
            "from_the": f"{vom} {dative}",
        }

    def colour(self, forms: Forms) -> Slots:
        shade, stem = forms
        endings = {
            "strong": "er",
            "strong_dat": "em",
            "weak": "en",
            "m": "er",
            "f": "e",
            "n": "es",
            "plural": "e",
        }
        declined = {slot: shade if stem == "-" else stem + ending for slot, ending in endings.items()}
        return {"shade": shade, "shade_name": shade.capitalize(), **declined}

    def number(self, forms: Forms, count: int) -> Slots:
        return {"number": forms[0]}

    def group(self, noun: Slots, count: int, number: str, colour: Slots | None) -> str:
        if colour:
            plural = count == MANY
            return f"{colour['plural' if plural else noun['gender']]} {noun['plural' if plural else 'noun']}"
        return counted(noun, count, number)

    def join(self, parts: Sequence[str]) -> str:
        return enumerate_(parts, "und")
