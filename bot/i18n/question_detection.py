"""Is this a question? Simple on purpose: it ends with a question mark; or it begins with a question word that
a verb follows, as 'what is' and 'wo war', in English or in the chat's language. Up to two words may stand
between, as in 'how many dogs are', unless they begin with an article or a pronoun.

So 'what a day' and 'where we are' are none. Where blanks do not part the words, the end tells.

Not handled: Greek's question mark, which is a semicolon; other questions without a mark.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from vlm.text.languages import ENGLISH, code_of

MARKS: Final = ("?", "？", "؟", "՞")
OPENING: Final = "¿"


class Asked(NamedTuple):
    """How questions begin: a word of the first kind, then one of the second, with none of `small` after the
    first; `whole` words are both kinds at once."""

    words: str
    verbs: str
    small: str
    whole: str = ""


BEGINNINGS: Final = {
    "en": Asked(
        "what who whose which where when why how",
        "is are was were does do did can could will would has have",
        "a an the this that these those my our your i we you he she it they",
        "what's who's where's when's how's",
    ),
    "es": Asked(
        "qué quién quiénes cuál cuáles cuántos cuántas dónde cómo",
        "es son está están era eran fue fueron hay hace hacen tiene tienen",
        "un una el la los las mi nuestro nuestra yo tú él ella nosotros ellos ellas se",
    ),
    "de": Asked(
        "was wer wessen welche welcher welches wo warum wie wann",
        "ist sind war waren hat haben macht machen kann steht heißt heißen passiert",
        "ein eine der die das den mein meine unser unsere ich du er sie es wir ihr man für",
    ),
    "fr": Asked(
        "que qui quel quelle quels quelles où pourquoi combien comment",
        "est est-ce sont était étaient fait font voit-on y",
        "un une le la les de des du mon ma mes notre nos je tu il elle on nous vous ils elles",
        "qu'est-ce",
    ),
    "ru": Asked(
        "что кто чей какой какая какое какие какого где почему сколько как",
        "это этот эта эти здесь тут был была было были делает делают называется находится изображено",
        "мы я ты он она они вы мой моя наш наша",
    ),
    "pt": Asked(
        "que quem qual quais quantos quantas onde como",
        "é são está estão era eram foi foram há tem têm fica faz fazem",
        "um uma o a os as meu minha nosso nossa eu tu você ele ela nós eles elas a se",
    ),
    "it": Asked(
        "che cosa chi quale qual quali quanti quante dove perché come",
        "è sono era erano ha hanno fa fanno sta stanno c'è ci",
        "un uno una il lo la i gli le mio mia nostro nostra io tu lui lei noi loro si",
        "cos'è dov'è com'è",
    ),
    "uk": Asked(
        "що хто чий який яка яке які якого де чому скільки як",
        "це цей ця ці тут був була було були робить роблять називається знаходиться зображено",
        "ми я ти він вона вони ви мій моя наш наша",
    ),
    "hi": Asked(
        "क्या कौन किसका कहाँ कहां कितने कितनी क्यों कैसे",
        "है हैं था थी थे हो यह ये वह",
        "मैं हम तुम आप मेरा मेरी हमारा हमारी सुंदर",
    ),
    "ar": Asked(
        "ما ماذا من أين كم كيف لماذا",
        "هذا هذه هؤلاء هو هي هم كان كانت يوجد يفعل تفعل",
        "أنا نحن أنت هم أجمل أحلى",
        "هل",
    ),
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
    first, *others = [word.strip(",:.!") for word in text.lower().replace("’", "'").split()[:4]] or [""]
    return any(_begins(BEGINNINGS[one], first, others) for one in {ENGLISH, code} & BEGINNINGS.keys())


def note_in(text: str, language: str) -> str:
    """What is kept of it as its owner's note: all but questions."""
    return "" if is_question(text, language) else text


def _begins(asked: Asked, first: str, others: Sequence[str]) -> bool:
    if first in asked.whole.split():
        return True
    verbs, small = asked.verbs.split(), asked.small.split()
    if first not in asked.words.split() or not others:
        return False
    return others[0] in verbs or (others[0] not in small and any(word in verbs for word in others[1:]))
