"""A chat's language around an engine: what it is asked becomes English, what it says becomes the language.

An engine that speaks the language itself (mBLIP) is asked and answers in it: nothing is translated.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from vlm.engine.base import Engine, Prompt, Translated
from vlm.languages import ENGLISH, code_of


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
