"""VQA accuracy: the agreement of an answer with people's answers, after the official normalization.

Both sides are normalised alike: lower case; number words become digits; articles go; a missing apostrophe is
put back; punctuation becomes a space, or nothing beside a space and in numbers; periods stay before digits
only; apostrophes and colons stay.

One difference from the official script: it leaves answers as they are where all ten people agree (VQAv2's are
clean), and here they are normalised, so that 'two' is right where ten people said '2'.
Source:  Antol et al. 2015; visualqa.org/evaluation, and the script that it names.
"""

import re
from collections.abc import Sequence

ENOUGH = 3  # people who must have given an answer for it to be wholly right
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
DIGITS = {"none": "0", **{word: str(number) for number, word in enumerate(NUMBERS)}}
ARTICLES = frozenset(("a", "an", "the"))
PUNCTUATION = ';/[]"{}()=+\\_-><@`,?!'
_COMMA_IN_NUMBER = re.compile(r"\d,\d")
_PERIOD = re.compile(r"\.(?!\d)")

# Left out apostrophes that are put back: 'dont' becomes "don't".
CONTRACTIONS = """
    ain't aren't can't could've couldn't didn't doesn't don't hadn't hasn't haven't he'd he's how'd
    how'll how's isn't it'd it'll ma'am mightn't might've mustn't must've needn't not've o'clock
    oughtn't shan't should've shouldn't somebody'll somebody's someone'd someone'll someone's
    something'd something'll that's there'd there're there's they'd they'll they're they've 'twas
    wasn't we've weren't what'll what're what's what've when's where'd where's where've who'd who'll
    who's who've why'll why're why's won't would've wouldn't y'all you'd you'll you're you've
"""
# Of these one is missing among several: "couldnt've" and "couldn'tve" become "couldn't've".
DOUBLE_CONTRACTIONS = """
    couldn't've hadn't've he'd've it'd've mightn't've 'ow's'at she'd've shouldn't've somebody'd've
    someone'd've something'd've there'd've they'd've we'd've who'd've wouldn't've y'all'll y'all'd've you'd've
"""


def _repairs() -> dict[str, str]:
    repairs = {whole.replace("'", ""): whole for whole in CONTRACTIONS.split()}
    for whole in DOUBLE_CONTRACTIONS.split():
        places = (place for place, letter in enumerate(whole) if letter == "'")
        repairs |= {whole[:place] + whole[place + 1 :]: whole for place in places}
    return repairs | {"somebody'd": "somebodyd"}  # the official table has this one the wrong way round


REPAIRS = _repairs()


def normalised(answer: str) -> str:
    """The normalized answer."""
    normal = " ".join(answer.split())
    together = bool(_COMMA_IN_NUMBER.search(normal))
    spaced = normal
    for mark in PUNCTUATION:
        beside_space = f"{mark} " in normal or f" {mark}" in normal
        spaced = spaced.replace(mark, "" if together or beside_space else " ")
    words = (DIGITS.get(word, word) for word in _PERIOD.sub("", spaced).lower().split())
    return " ".join(REPAIRS.get(word, word) for word in words if word not in ARTICLES)


def vqa_accuracy(answer: str, answers: Sequence[str]) -> float:
    """The accuracy of an answer, 0 to 1: min(matches / 3, 1), averaged over leaving each person out in turn.

    Where three people or fewer were asked, a match with any of them is wholly right.
    Raises:  ValueError for no answers.
    """
    if not answers:
        raise ValueError("VQA accuracy needs at least one true answer")
    normal = normalised(answer)
    agreed = [normalised(other) == normal for other in answers]
    if len(answers) <= ENOUGH:
        return float(any(agreed))
    return sum(min(1.0, (sum(agreed) - own) / ENOUGH) for own in agreed) / len(agreed)
