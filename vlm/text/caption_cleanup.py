"""Captions in plain words: no 'this image shows', no guessed gender, no longer than asked. Pure; English.

    this picture shows a man with his dog    ->    a person with their dog

Nobody can see whether somebody is a woman, and a listener knows that it is a picture. Only what a model says
is changed, never what people write. A trade stays a trade: a salesman is a salesperson.
Not handled: male and female, which tell lions apart; roles such as bride and king; names.
"""

import re
from typing import Final

SHORT_CHARS: Final = 125  # what screen readers say in one breath

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

# What is said instead, whoever it is.
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
# A verb after 'they', who was one person before.
VERBS: Final = {"is": "are", "was": "were", "has": "have", "does": "do", "'s": "'re", "’s": "’re"}
THEY: Final = re.compile(r"\b([Tt]hey)(?:(['’]s)| (is|was|has|does))\b")
HER_OWN: Final = re.compile(r"\s+(?!(?:and|or|in|on|at|with|to|from|by|as|while|for|the|an?)\b)\w")

# Several who were told apart by gender alone are so many people.
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


def plain(caption: str) -> str:
    """The caption without an introduction and without guessed genders; itself if nothing else is left."""
    text = _without_lead(caption.strip())
    text = WORD.sub(_neutral, text)
    text = THEY.sub(_they, text)
    text = ONE_MORE.sub(_one_more, text)
    return TWICE.sub(lambda found: _plural(found[1]), text)


def cut(text: str, most: int = SHORT_CHARS) -> str:
    """At most so many characters, to the end of a word where there are words, with an ellipsis."""
    if len(text) <= most:
        return text
    kept = text[: most - 1]
    if not text[most - 1].isspace() and " " in kept[most // 2 :]:
        kept = kept.rsplit(" ", 1)[0]
    return (LOOSE_END.sub("", kept) or kept) + "…"


def sentences(text: str) -> str:
    """The text with a capital after each full stop. Last of all: translators know captions without."""
    return BEGIN.sub(lambda found: found[0].upper(), text)


def key(text: str) -> str:
    """What two wordings have in common that differ only in capitals and punctuation."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def _without_lead(text: str) -> str:
    left = text
    while (found := LEADS.match(left)) and found.end() < len(left):
        left = IN_PICTURE.sub("", left[found.end() :])
    if left == text or not left.strip(" ."):
        return text
    return left[0].upper() + left[1:] if text[0].isupper() else left


def _neutral(found: re.Match[str]) -> str:
    word = found[0]
    said = NEUTRAL.get(word.lower())
    if said is None:  # her: of her own, or after a verb
        said = "their" if HER_OWN.match(found.string, found.end()) else "them"
    return _like(word, said)


def _they(found: re.Match[str]) -> str:
    they, short, verb = found.groups()
    return they + VERBS[short] if short else f"{they} {VERBS[verb]}"


def _one_more(found: re.Match[str]) -> str:
    one, count, many, other = found["one"], found["count"], found["many"], found["other"]
    if (PLURALS[one.lower()] if one else many.lower()) != PLURALS[other.lower()]:
        return found[0]
    return _like(found[0], f"{MORE[(count or 'a').lower()]} {PLURALS[other.lower()]}")


def _plural(word: str) -> str:
    return _like(word, PLURALS.get(word.lower(), word.lower()))


def _like(word: str, said: str) -> str:
    return said[0].upper() + said[1:] if word[0].isupper() else said
