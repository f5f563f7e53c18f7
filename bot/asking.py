"""Is this a question? Simple on purpose: it ends with a question mark; or it begins with a question word that
a verb follows at once, as 'what is' and 'wo war', in English or in the chat's language.

So 'what a day' and 'where we work' are none. Where blanks do not part the words, the end tells.

Not handled: Greek's question mark, which is a semicolon; other questions without a mark.
"""

from typing import Final, NamedTuple

from vlm.languages import ENGLISH, code_of

MARKS: Final = ("?", "？", "؟", "՞")
OPENING: Final = "¿"


class Asked(NamedTuple):
    """How questions begin: a word of the first kind, then one of the second; `whole` words are both."""

    words: str
    verbs: str
    whole: str = ""


BEGINNINGS: Final = {
    "en": Asked(
        "what who whose which where when why how",
        "is are was were does do did can could will would has have",
        "what's who's where's when's how's",
    ),
    "es": Asked(
        "qué quién quiénes cuál cuáles cuántos cuántas dónde cómo",
        "es son está están era eran fue fueron hay hace hacen tiene tienen",
    ),
    "de": Asked(
        "was wer wessen welche welcher welches wo warum wie wann",
        "ist sind war waren hat haben macht machen kann steht heißt heißen passiert",
    ),
    "fr": Asked(
        "que qui quel quelle quels quelles où pourquoi combien comment",
        "est est-ce sont était étaient fait font voit-on y",
        "qu'est-ce",
    ),
    "ru": Asked(
        "что кто чей какой какая какое какие где почему сколько как",
        "это этот эта эти здесь тут был была было были делает делают называется находится изображено",
    ),
    "pt": Asked(
        "que quem qual quais quantos quantas onde como",
        "é são está estão era eram foi foram há tem têm fica faz fazem",
    ),
    "it": Asked(
        "che cosa chi quale qual quali quanti quante dove perché come",
        "è sono era erano ha hanno fa fanno sta stanno c'è ci",
        "cos'è dov'è com'è",
    ),
    "uk": Asked(
        "що хто чий який яка яке які де чому скільки як",
        "це цей ця ці тут був була було були робить роблять називається знаходиться зображено",
    ),
    "hi": Asked("क्या कौन किसका कहाँ कहां कितने कितनी क्यों कैसे", "है हैं था थी थे हो यह ये वह"),
    "ar": Asked("ما ماذا من أين كم كيف لماذا", "هذا هذه هؤلاء هو هي هم كان كانت يوجد يفعل تفعل", "هل"),
}
ENDINGS: Final = {
    "zh": ("吗", "呢", "什么", "谁", "哪里", "哪儿", "多少"),
    "ja": ("か", "何", "誰", "どこ"),
}


def is_question(text: str, language: str) -> bool:
    """Whether what somebody wrote with a photo is to be answered; all else is its note."""
    text, code = text.strip(), code_of(language)
    if text.endswith(MARKS) or text.startswith(OPENING):
        return True
    if text.rstrip("。.!！…").endswith(ENDINGS.get(code, ())):
        return True
    first, second, *_ = *text.lower().replace("’", "'").split(maxsplit=2), "", ""
    return any(_begins(BEGINNINGS[one], first, second) for one in {ENGLISH, code} & BEGINNINGS.keys())


def note_in(text: str, language: str) -> str:
    """What is kept of it as its owner's note: all but questions."""
    return "" if is_question(text, language) else text


def _begins(asked: Asked, first: str, second: str) -> bool:
    if first in asked.whole.split():
        return True
    return first in asked.words.split() and second.strip(",:.!") in asked.verbs.split()
