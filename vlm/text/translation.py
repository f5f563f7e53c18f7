"""A chat's language around an engine: what it is asked becomes English, what it says becomes the language.

An engine that speaks the language itself (mBLIP) is asked and answers in it: nothing is translated.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from vlm.engine.base import Engine, Prompt, Translated
from vlm.errors import AfterimageError, ModelNotFound, Unsupported
from vlm.text.languages import ENGLISH, code_of
from vlm.worker.batch import run_isolating_failures

# What ends a phrase; translators that know but phrases do well with one at a time.
END: Final = re.compile(r"([.:;]\s+|\s*\n\s*|\.$)")


class Wanted(NamedTuple):
    """A text to translate, by tags of languages ('' is English)."""

    text: str
    source: str = ENGLISH
    target: str = ENGLISH


def in_english(engine: Engine, prompt: Prompt) -> Prompt:
    """The prompt as the engine understands it. What cannot be translated is asked as it is.

    Earlier turns are English already. Raises as `Engine.translate` does.
    """
    if prompt.question is None or code_of(prompt.language) == ENGLISH or engine.speaks(prompt.language):
        return prompt
    (question,) = engine.translate([prompt.question], prompt.language, ENGLISH)
    return replace(prompt, question=question.text)


def in_language(engine: Engine, texts: Sequence[str], language: str) -> list[Translated]:
    """What an engine said, in the language it was asked for; marked where it stayed English.

    Raises:  as `Engine.translate` does.
    """
    if not texts or code_of(language) == ENGLISH or engine.speaks(language):
        return [Translated(text) for text in texts]
    return engine.translate(texts, ENGLISH, language)


def translated(engine: Engine, wanted: Sequence[Wanted]) -> list[Translated]:
    """Each text in its target language, all of one pair of languages in one go.

    What cannot be translated, for whatever reason, stays as it is and is marked. What is already in its
    language is left alone.
    """
    pairs = [(code_of(one.source) or ENGLISH, code_of(one.target) or ENGLISH) for one in wanted]
    said: list[Translated] = [Translated(one.text) for one in wanted]
    for pair in {pair for pair in pairs if pair[0] != pair[1]}:
        places = [place for place, other in enumerate(pairs) if other == pair]
        texts = [wanted[place].text for place in places]
        for place, one in zip(places, _all(engine, texts, *pair), strict=True):
            said[place] = one
    return said


def _all(engine: Engine, texts: Sequence[str], source: str, target: str) -> list[Translated]:
    """Questions go as a whole; what a model says, phrase by phrase."""
    parts = [END.split(text) if source == ENGLISH else [text] for text in texts]  # every second is an end
    phrases = list(dict.fromkeys(phrase for text in parts for phrase in text[::2] if phrase))

    def run(some: Sequence[str]) -> list[Translated]:
        try:
            return engine.translate(some, source, target)
        except (Unsupported, ModelNotFound):
            return [Translated(phrase, fell_back=True) for phrase in some]

    said = dict(zip(phrases, run_isolating_failures(engine, phrases, run), strict=True))
    return [_joined(text, split, said) for text, split in zip(texts, parts, strict=True)]


def _joined(text: str, parts: Sequence[str], said: dict[str, Translated | AfterimageError]) -> Translated:
    found = [said[part] if place % 2 == 0 and part else Translated(part) for place, part in enumerate(parts)]
    whole = [one.text for one in found if isinstance(one, Translated) and not one.fell_back]
    return Translated("".join(whole)) if len(whole) == len(found) else Translated(text, fell_back=True)
