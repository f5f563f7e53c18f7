"""What a model is asked for a detailed caption, and how its answers are said. Pure; English.

    a cat on a green background     things: two; cat: at the top left

Labels and answers are said side by side, with no sentence around them: so they can be translated one by one,
and a model that says little says nothing wrong.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from vlm.engine.base import Detail
from vlm.text.caption_cleanup import key

# The most helpful first. For photographs; BLIP-2's answers are a few words each.
GENERAL: Final = (
    Detail("What is in the background?", "background"),
    Detail("What colors are in the photo?", "colours"),
    Detail("What time of day is it?", "time of day"),
)
# For drawn scenes, as the card of a small checkpoint says it was taught.
DRAWN: Final = (Detail("how many things are there?", "things"),)
PLACED: Final = (Detail("where is the {thing}?", "{thing}"), *DRAWN)

NOTHING_SAID: Final = frozenset(
    {"", "yes", "no", "none", "nothing", "unknown", "unanswerable", "i don t know", "not sure"}
)
ONE: Final = re.compile(r"an? (?P<thing>[\w -]+)")


def questions(caption: str, details: Sequence[Detail]) -> Iterator[Detail]:
    """The details to ask of a caption, each thing by its name."""
    for detail in details:
        if "{thing}" not in detail.question:
            yield detail
            continue
        for thing in _things(caption):
            yield Detail(detail.question.format(thing=thing), detail.label.format(thing=thing))


def detailed(caption: str, said: Sequence[tuple[Detail, str]]) -> str:
    """The caption and what was answered, with full stops; without answers that say nothing or nothing new."""
    sentences = [caption.rstrip(" .")]
    for detail, answer in said:
        if not _idle(answer, sentences):
            sentences.append(f"{detail.label}: {answer.strip(' .')}")
    return ". ".join(sentences) + "."


def _things(caption: str) -> list[str]:
    """What a caption of the grammar 'a cat, two dogs and a pizza on a green background' names one of."""
    listing = caption.rsplit(" on ", 1)[0]
    found = [ONE.fullmatch(part) for part in re.split(r", | and ", listing)]
    return [one["thing"] for one in found if one]


def _idle(answer: str, sentences: Sequence[str]) -> bool:
    words = key(answer)
    if words in NOTHING_SAID or words.startswith("there is no "):
        return True
    return any(f" {words} " in f" {key(sentence)} " for sentence in sentences)
