"""Is this a question? Simple on purpose: it ends with a question mark, or it begins with a question word of
English or of the chat's language.

Not handled: Greek's question mark, which is a semicolon; questions that begin with a verb and have no mark.
"""

from typing import Final

from vlm.languages import ENGLISH, code_of

MARKS: Final = ("?", "？", "؟", "՞")

WORDS: Final = {
    "en": ("what", "what's", "who", "who's", "whose", "which", "where", "where's", "why", "how"),
    "es": ("qué", "quién", "quiénes", "cuál", "cuáles", "cuántos", "cuántas", "dónde", "cómo"),
    "de": ("was", "wer", "wessen", "welche", "welcher", "welches", "wo", "warum", "wie", "wieviele"),
    "fr": ("que", "qu'est-ce", "qui", "quel", "quelle", "quels", "quelles", "où", "pourquoi", "combien"),
    "ru": ("что", "кто", "чей", "какой", "какая", "какое", "какие", "где", "почему", "сколько", "как"),
    "pt": ("que", "quem", "qual", "quais", "quantos", "quantas", "onde", "como"),
    "it": ("che", "cosa", "chi", "quale", "quali", "quanti", "quante", "dove", "perché", "come"),
    "uk": ("що", "хто", "чий", "який", "яка", "яке", "які", "де", "чому", "скільки", "як"),
    "hi": ("क्या", "कौन", "किसका", "कहाँ", "कहां", "कितने", "कितनी", "क्यों", "कैसे"),
    "ar": ("ما", "ماذا", "من", "أين", "كم", "كيف", "لماذا", "هل"),
}
# Written without blanks between the words.
BEGINNINGS: Final = {
    "zh": ("什么", "谁", "哪", "几", "多少", "怎么", "为什么"),
    "ja": ("何", "なに", "誰", "だれ", "どこ", "どの", "どれ", "どう", "なぜ", "いくつ"),
}


def is_marked(text: str) -> bool:
    """Whether a text ends as questions do."""
    return text.rstrip().endswith(MARKS)


def is_question(text: str, language: str) -> bool:
    """Whether what somebody wrote with a photo is to be answered."""
    if is_marked(text):
        return True
    first = text.lower().replace("’", "'").split(maxsplit=1)[:1]
    code = code_of(language)
    words = (*WORDS[ENGLISH], *WORDS.get(code, ()))
    return bool(first) and (
        first[0].strip("¿,:") in words or first[0].startswith(BEGINNINGS.get(code, ("¿",)))
    )


def note_in(text: str) -> str:
    """What is kept of it as its owner's note: all but plain questions.

    'Where we slept' begins like a question and is none: it is answered *and* kept.
    """
    return "" if is_marked(text) else text
