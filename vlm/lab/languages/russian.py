"""Russian: no articles, six cases; a noun's form follows its number: два кота, пять котов, двое часов."""

from collections.abc import Sequence

from vlm.lab.languages.grammar import BARE, MANY, Slots, enumerate_
from vlm.lab.languages.tables import Forms

TWO_BY_GENDER = {"m": "два", "n": "два", "f": "две"}
COLLECTIVE = {2: "двое", 3: "трое", 4: "четверо", 5: "пятеро"}  # for what has no singular
THINGS = {2: "две вещи", 3: "три вещи", 4: "четыре вещи", 5: "пять вещей"}
FEW = (2, 3, 4)


class Russian:
    code = "ru"
    pictures: tuple[Slots, ...] = (
        {
            "in_picture": "на картинке",
            "in_this": "на этой картинке",
            "acc_picture": "картинку",
            "of_picture": "картинки",
        },
        {"in_picture": "на фото", "in_this": "на этом фото", "acc_picture": "фото", "of_picture": "фото"},
        {
            "in_picture": "на изображении",
            "in_this": "на этом изображении",
            "acc_picture": "изображение",
            "of_picture": "изображения",
        },
    )

    def noun(self, forms: Forms) -> Slots:
        noun, gen, ins, plural, gen_plural, kind, *rest = forms
        gender, animate = kind[0], kind.endswith("a")
        own = dict(form.split("=") for form in rest)
        return {
            "noun": noun,
            "plural": plural,
            "gender": gender,
            "gen": gen,
            "ins": ins,
            "gen_plural": gen_plural,
            "few": own.get("few", gen),
            "acc": own.get("acc") or _accusative(noun, gen, gender, animate),
            "acc_plural": gen_plural if animate else plural,
            "stands": "находятся" if gender == "p" else "находится",
        }

    def colour(self, forms: Forms) -> Slots:
        m, f, n, plural, prep = forms
        return {"shade": m, "m": m, "f": f, "n": n, "p": plural, "plural": plural, "prep": prep}

    def number(self, forms: Forms, count: int) -> Slots:
        return {"number": forms[0], "things": THINGS.get(count, "")}

    def group(self, noun: Slots, count: int, number: str, colour: Slots | None) -> str:
        if colour:
            plural = count == MANY
            return f"{colour['plural' if plural else noun['gender']]} {noun['plural' if plural else 'noun']}"
        if count in (1, BARE):
            return noun["noun"]
        if count == MANY:
            return noun["plural"]
        if noun["gender"] == "p":
            return f"{COLLECTIVE[count]} {noun['gen_plural']}"
        word = TWO_BY_GENDER[noun["gender"]] if count == 2 else number
        return f"{word} {noun['few' if count in FEW else 'gen_plural']}"

    def join(self, parts: Sequence[str]) -> str:
        return enumerate_(parts, "и")


def _accusative(noun: str, genitive: str, gender: str, animate: bool) -> str:
    if gender == "f":
        return noun[:-1] + {"а": "у", "я": "ю"}.get(noun[-1], noun[-1])
    return genitive if animate and gender == "m" else noun
