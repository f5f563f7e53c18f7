"""The reference grammar: the text of a meaning in each language. Pure.

    Group      'two cats', 'cat', 'red cats', 'something I don't know', or a name that is in no table
    Meaning    a sentence's row in the table, and what stands in its slots

`say` uses the first alternatives of the tables; with a random generator, any of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random

from vlm.lab.languages.english import English
from vlm.lab.languages.french import French
from vlm.lab.languages.german import German
from vlm.lab.languages.grammar import Grammar, Slots
from vlm.lab.languages.russian import Russian
from vlm.lab.languages.spanish import Spanish
from vlm.lab.languages.tables import FOREIGN, Sentence, Word
from vlm.lab.questions import SIDE_WORDS
from vlm.lab.vocabulary import NOUNS, NUMBERS

SHORT = ("list", "ground", "alone", "answer", "side", "place", "strange", "stranges")  # stay in lower case
SPELLINGS = ("colour", "color")


@dataclass(frozen=True, slots=True)
class NounGroup:
    """Things of one kind. `count`: BARE 'cat', MANY 'cats', else how many. No noun: things without a name."""

    noun: str = ""
    count: int = 1
    shade: str = ""  # of the things: only where BARE or MANY
    name: str = ""  # an invented word instead of a noun
    place: int = -1  # a row of a place instead of things


@dataclass(frozen=True, slots=True)
class Meaning:
    row: int  # of sentences.tsv
    groups: tuple[NounGroup, ...] = ()
    noun: str = ""
    other: str = ""
    side: str = ""  # left, right, above, below
    shade: str = ""
    name: str = ""
    picture: int = 0  # picture, photo, image


@dataclass(slots=True)
class Lexicon:
    """One language's words: for each English word the slots of each alternative."""

    grammar: Grammar
    nouns: dict[str, list[Slots]] = field(default_factory=dict)
    colours: dict[str, list[Slots]] = field(default_factory=dict)
    numbers: dict[str, list[Slots]] = field(default_factory=dict)


class Reference:
    """All languages over the two tables."""

    def __init__(self, words: Sequence[Word], sentences: Sequence[Sentence]) -> None:
        self.sentences = list(sentences)
        grammars: tuple[Grammar, ...] = (English(), Spanish(), German(), French(), Russian())
        self.lexicons = {grammar.code: _lexicon(grammar, words) for grammar in grammars}
        self.rows: dict[str, list[int]] = {}
        for row, sentence in enumerate(self.sentences):
            self.rows.setdefault(sentence.kind, []).append(row)
        self.by_english = {sentence.english: row for row, sentence in enumerate(self.sentences)}
        self._owners = {
            (code, template): row
            for row in reversed(range(len(self.sentences)))  # the first row to have a wording owns it
            for code in FOREIGN
            for template in self.sentences[row].templates[code]
        }

    def say(self, meaning: Meaning, code: str, rng: Random | None = None) -> str:
        """The text of a meaning: the reference wording, or with `rng` a random one."""
        return self.word(meaning, code, 0 if rng is None else self.some_wording(meaning.row, code, rng), rng)

    def some_wording(self, row: int, code: str, rng: Random) -> int:
        """The number of one of the sentence's alternatives, the first one more often."""
        wordings = len(self.sentences[row].templates[code])
        return 0 if rng.random() < 0.4 else rng.randrange(wordings)

    def word(self, meaning: Meaning, code: str, wording: int, rng: Random | None = None) -> str:
        """The meaning in one of the sentence's alternatives."""
        sentence = self.sentences[meaning.row]
        template = sentence.templates[code][wording]
        text = template.format_map(self._slots(meaning, code, rng)).rstrip(",")
        if code == "en" and sentence.asks:
            text += "?"
        return text if sentence.kind in SHORT else capital(text).replace(" i ", " I ")

    def english_of(self, meaning: Meaning, code: str, wording: int) -> str:
        """The English sentence of a foreign wording; the first if several share the wording."""
        return self.say(replace(meaning, row=self.owner(meaning.row, code, wording)), "en")

    def owner(self, row: int, code: str, wording: int) -> int:
        """The first row that has this wording."""
        return self._owners[code, self.sentences[row].templates[code][wording]]

    def _slots(self, meaning: Meaning, code: str, rng: Random | None) -> Slots:
        lexicon = self.lexicons[code]
        slots: Slots = {"name": meaning.name, **_pick(lexicon.grammar.pictures, None, meaning.picture)}
        if code == "en":
            slots["colour"] = SPELLINGS[0 if rng is None else rng.randrange(2)]
        if meaning.shade:
            slots |= _pick(lexicon.colours[meaning.shade], rng)
        if meaning.side:
            slots |= self._side(meaning, code, rng)
        if meaning.noun:
            slots |= _pick(lexicon.nouns[meaning.noun], rng)
            if code == "en" and meaning.other:
                slots["other"] = lexicon.nouns[meaning.other][0]["noun"]
        if meaning.groups:
            slots["group"] = self._groups(meaning.groups, code, rng)
        return slots

    def _side(self, meaning: Meaning, code: str, rng: Random | None) -> Slots:
        """'left of' in English, 'links vom Hund' elsewhere: there the side decides the noun's case."""
        if code == "en":
            words = SIDE_WORDS[meaning.side]
            return {"side": words[0 if rng is None else rng.randrange(len(words))], "other": meaning.other}
        row = self.by_english[SIDE_WORDS[meaning.side][0]]
        wording = 0 if rng is None else self.some_wording(row, code, rng)
        other = _pick(self.lexicons[code].nouns[meaning.other], rng)
        return {"side": self.sentences[row].templates[code][wording].format_map(other)}

    def _groups(self, groups: Sequence[NounGroup], code: str, rng: Random | None) -> str:
        return self.lexicons[code].grammar.join([self._group(group, code, rng) for group in groups])

    def _group(self, group: NounGroup, code: str, rng: Random | None) -> str:
        lexicon = self.lexicons[code]
        if group.place >= 0:
            wording = 0 if rng is None else self.some_wording(group.place, code, rng)
            return self.sentences[group.place].templates[code][wording]
        number: Slots = {}
        if group.count > 1:
            number = lexicon.numbers[NUMBERS[group.count]][0]
        if group.name:
            return group.name
        if not group.noun:
            (row,) = self.rows["stranges" if number else "strange"]
            wording = 0 if rng is None else self.some_wording(row, code, rng)
            return self.sentences[row].templates[code][wording].format_map(number)
        colour = _pick(lexicon.colours[group.shade], rng) if group.shade else None
        noun = _pick(lexicon.nouns[group.noun], rng)
        return lexicon.grammar.group(noun, group.count, number.get("number", ""), colour)


def capital(text: str) -> str:
    """The text with its first letter in upper case, after a '¿' if there is one."""
    start = 1 if text[:1] in "¿¡" else 0
    return text[:start] + text[start : start + 1].upper() + text[start + 1 :]


def _pick(alternatives: Sequence[Slots], rng: Random | None, index: int = 0) -> Slots:
    """The slots of the first alternative; with random numbers now and then of another."""
    if rng is None or len(alternatives) == 1 or rng.random() < 0.6:
        return alternatives[index]
    return alternatives[rng.randrange(len(alternatives))]


def _lexicon(grammar: Grammar, words: Sequence[Word]) -> Lexicon:
    lexicon, plurals = Lexicon(grammar), {kind.name: kind.plural for kind in NOUNS}
    for word in words:
        english = (word.english, plurals[word.english]) if word.kind == "noun" else (word.english,)
        alternatives = (english,) if grammar.code == "en" else word.forms[grammar.code]
        match word.kind:
            case "noun":
                lexicon.nouns[word.english] = [grammar.noun(forms) for forms in alternatives]
            case "colour":
                lexicon.colours[word.english] = [grammar.colour(forms) for forms in alternatives]
            case _:
                count = NUMBERS.index(word.english)
                lexicon.numbers[word.english] = [grammar.number(forms, count) for forms in alternatives]
    return lexicon
