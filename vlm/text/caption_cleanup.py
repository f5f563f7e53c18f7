"""Captions without 'this image shows', without guessed genders, and no longer than wanted. English.

    this picture shows a man with his dog    ->    a person with their dog

A picture does not show anybody's gender, and a listener knows that it is a picture. Only the model's texts
are changed, never what people write. A trade stays a trade: a salesman is a salesperson.
Not handled: male and female, which tell lions apart; roles such as bride and king; names.
"""

import re
from typing import Final

SHORT_CHARS: Final = 125  # about as much as a screen reader reads in one go

PICTURE: Final = r"(?:image|picture|photo|photograph|pic|snapshot)"
LEADS: Final = re.compile(
    rf"""(?:(?:this|the)\ {PICTURE}\ (?:shows|depicts|features|contains|displays|is\ of)
           | (?:this|it|here)\ is\ (?:an?|the)\ {PICTURE}\ (?:of|with|showing)
           | (?:an?|the)\ {PICTURE}\ (?:of|showing)
           | in\ (?:this|the)\ {PICTURE},?
           | (?:we|you|i)\ (?:can\ )?see
           | there\ (?:is|are)
           )\s+""",
    re.IGNORECASE | re.VERBOSE,
)
IN_PICTURE: Final = re.compile(rf",? in (?:this|the) {PICTURE}(?=\.?$)", re.IGNORECASE)

# The neutral word for each gendered one.
NEUTRAL: Final = {
    "man": "person", "woman": "person", "lady": "person", "gentleman": "person", "guy": "person",
    "men": "people", "women": "people", "ladies": "people", "gentlemen": "people", "guys": "people",
    "boy": "child", "girl": "child", "boys": "children", "girls": "children",
    "mother": "parent", "father": "parent", "mothers": "parents", "fathers": "parents", "mom": "parent",
    "dad": "parent", "son": "child", "daughter": "child", "sons": "children", "daughters": "children",
    "husband": "partner", "wife": "partner", "brother": "sibling", "sister": "sibling",
    "brothers": "siblings", "sisters": "siblings", "grandmother": "grandparent",
    "grandfather": "grandparent",
    "he": "they", "she": "they", "him": "them", "himself": "themselves", "herself": "themselves",
    "his": "their", "hers": "theirs",
    "salesman": "salesperson", "saleswoman": "salesperson", "salesmen": "salespeople",
    "businessman": "businessperson", "businesswoman": "businessperson", "businessmen": "businesspeople",
    "policeman": "police officer", "policewoman": "police officer", "policemen": "police officers",
    "fireman": "firefighter", "firemen": "firefighters", "mailman": "mail carrier",
    "postman": "mail carrier", "cameraman": "camera operator", "waitress": "waiter",
}  # fmt: skip
WORD: Final = re.compile(rf"(?<![\w-])(?:{'|'.join([*NEUTRAL, 'her'])})(?![\w-])", re.IGNORECASE)
# The plural of a verb that follows 'they' after the replacement.
VERBS: Final = {"is": "are", "was": "were", "has": "have", "does": "do", "'s": "'re", "’s": "’re"}
THEY: Final = re.compile(r"\b([Tt]hey)(?:(['’]s)| (is|was|has|does))\b")
HER_OWN: Final = re.compile(r"\s+(?!(?:and|or|in|on|at|with|to|from|by|as|while|for|the|an?)\b)\w")

# People who were told apart by gender alone are counted together.
MORE: Final = {"a": "two", "two": "three", "three": "four", "four": "five", "five": "six"}
PLURALS: Final = {"person": "people", "child": "children"}
ONE_MORE: Final = re.compile(
    r"\b(?:a (?P<one>person|child)|(?P<count>two|three|four|five) (?P<many>people|children)) and"
    r" (?:a|another) (?P<other>person|child)\b(?!['’])",
    re.IGNORECASE,
)
TWICE: Final = re.compile(r"\b(people|children|person|child) and (?:the )?\1\b", re.IGNORECASE)
BEGIN: Final = re.compile(r"(?:^|(?<=\. ))\w")
LOOSE_END: Final = re.compile(
    r"(?:[\s,;:.–-]|\b(?:a|an|the|and|or|of|on|in|at|with|to|by|from))+$", re.IGNORECASE
)


def clean_caption(caption: str) -> str:
    """The caption without an introduction and without guessed genders; unchanged if nothing else is left."""
    text = _without_introduction(caption.strip())
    text = WORD.sub(_neutral, text)
    text = THEY.sub(_with_plural_verb, text)
    text = ONE_MORE.sub(_counted_together, text)
    return TWICE.sub(lambda match: _plural(match[1]), text)


def shorten(text: str, max_chars: int = SHORT_CHARS) -> str:
    """At most `max_chars` characters, cut at the end of a word where there are words, with an ellipsis."""
    if len(text) <= max_chars:
        return text
    kept = text[: max_chars - 1]
    if not text[max_chars - 1].isspace() and " " in kept[max_chars // 2 :]:
        kept = kept.rsplit(" ", 1)[0]
    return (LOOSE_END.sub("", kept) or kept) + "…"


def capitalize_sentences(text: str) -> str:
    """The text with a capital after each full stop. The last step: translators know captions without."""
    return BEGIN.sub(lambda match: match[0].upper(), text)


def comparable(text: str) -> str:
    """A form that is equal for two texts that differ only in capitals and punctuation."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def _without_introduction(text: str) -> str:
    rest = text
    while (match := LEADS.match(rest)) and match.end() < len(rest):
        rest = IN_PICTURE.sub("", rest[match.end() :])
    if rest == text or not rest.strip(" ."):
        return text
    return rest[0].upper() + rest[1:] if text[0].isupper() else rest


def _neutral(match: re.Match[str]) -> str:
    word = match[0]
    neutral = NEUTRAL.get(word.lower())
    if neutral is None:  # 'her': a possessive before a noun, else an object
        neutral = "their" if HER_OWN.match(match.string, match.end()) else "them"
    return _capitalized_like(word, neutral)


def _with_plural_verb(match: re.Match[str]) -> str:
    they, contracted, verb = match.groups()
    return they + VERBS[contracted] if contracted else f"{they} {VERBS[verb]}"


def _counted_together(match: re.Match[str]) -> str:
    single, count, many, other = match["one"], match["count"], match["many"], match["other"]
    if (PLURALS[single.lower()] if single else many.lower()) != PLURALS[other.lower()]:
        return match[0]
    return _capitalized_like(match[0], f"{MORE[(count or 'a').lower()]} {PLURALS[other.lower()]}")


def _plural(word: str) -> str:
    return _capitalized_like(word, PLURALS.get(word.lower(), word.lower()))


def _capitalized_like(original: str, word: str) -> str:
    return word[0].upper() + word[1:] if original[0].isupper() else word
