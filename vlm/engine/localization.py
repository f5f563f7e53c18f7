"""Translation around an engine: questions into English, captions and answers into the chat's language.

    translate_texts                    a batch of many languages; a failure leaves the text as it was, marked
    question_in_english, localized     one language, for a command; a failure is raised

An engine that speaks the language itself (mBLIP) is asked and answers in it: nothing is translated.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from vlm.engine.base import Engine, Prompt, Translated
from vlm.engine.isolation import run_isolating_failures
from vlm.errors import AfterimageError, ModelNotFound, Unsupported
from vlm.text.languages import ENGLISH, code_of

# The end of a phrase: translators that were trained on phrases do best with one at a time.
PHRASE_END: Final = re.compile(r"([.:;]\s+|\s*\n\s*|\.$)")


class TranslationRequest(NamedTuple):
    """A text to translate, with language tags ('' is English)."""

    text: str
    source: str = ENGLISH
    target: str = ENGLISH


def question_in_english(engine: Engine, prompt: Prompt) -> Prompt:
    """The prompt as the engine understands it. A question that cannot be translated is asked as it is.

    Earlier turns are English already. Raises as `Engine.translate` does.
    """
    if prompt.question is None or code_of(prompt.language) == ENGLISH or engine.speaks(prompt.language):
        return prompt
    [question] = engine.translate([prompt.question], prompt.language, ENGLISH)
    return replace(prompt, question=question.text)


def localized(engine: Engine, texts: Sequence[str], language: str) -> list[Translated]:
    """An engine's English texts in `language`. Texts that the engine generated in it stay as they are.

    Raises:  as `Engine.translate` does.
    """
    if not texts or code_of(language) == ENGLISH or engine.speaks(language):
        return [Translated(text) for text in texts]
    return engine.translate(texts, ENGLISH, language)


def translate_texts(engine: Engine, requests: Sequence[TranslationRequest]) -> list[Translated]:
    """Each text in its target language; all texts of one pair of languages are translated together.

    A text that cannot be translated, for whatever reason, is returned as it is and marked. A text that is in
    its target language already is returned as it is.
    """
    pairs = [(code_of(request.source) or ENGLISH, code_of(request.target) or ENGLISH) for request in requests]
    translations = [Translated(request.text) for request in requests]
    for pair in {pair for pair in pairs if pair[0] != pair[1]}:
        numbers = [number for number, other in enumerate(pairs) if other == pair]
        texts = [requests[number].text for number in numbers]
        for number, translation in zip(numbers, _translate_pair(engine, texts, *pair), strict=True):
            translations[number] = translation
    return translations


def _translate_pair(engine: Engine, texts: Sequence[str], source: str, target: str) -> list[Translated]:
    """Questions are translated as a whole, a model's texts phrase by phrase."""
    # Every second part of a split text is a phrase, the others are the ends of phrases.
    parts = [PHRASE_END.split(text) if source == ENGLISH else [text] for text in texts]
    phrases = list(dict.fromkeys(phrase for text in parts for phrase in text[::2] if phrase))

    def translate(batch: Sequence[str]) -> list[Translated]:
        try:
            return engine.translate(batch, source, target)
        except (Unsupported, ModelNotFound):
            return [Translated(phrase, translation_failed=True) for phrase in batch]

    translations = dict(zip(phrases, run_isolating_failures(engine, phrases, translate), strict=True))
    return [_joined(text, split, translations) for text, split in zip(texts, parts, strict=True)]


def _joined(
    text: str, parts: Sequence[str], translations: dict[str, Translated | AfterimageError]
) -> Translated:
    pieces = [
        translations[part] if number % 2 == 0 and part else Translated(part)
        for number, part in enumerate(parts)
    ]
    whole = [piece.text for piece in pieces if isinstance(piece, Translated) and not piece.translation_failed]
    return (
        Translated("".join(whole)) if len(whole) == len(pieces) else Translated(text, translation_failed=True)
    )
