"""Detects questions. Simple on purpose: a question ends with a question mark, or begins with a question
word and a verb, such as 'what is' and 'wo war', in English or in the chat's language. Up to two words may
stand between, as in 'how many dogs are', unless the first is an article or a pronoun.

So 'what a day' and 'where we are' are no questions. In languages without blanks, the end of the text decides.

Not covered: Greek's question mark, which is a semicolon; other questions without a mark.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from vlm.text.languages import ENGLISH, code_of

MARKS: Final = ("?", "？", "؟", "՞")
OPENING: Final = "¿"


class QuestionWords(NamedTuple):
    """How questions begin: a question word, then a verb; up to two words between them, the first of which is
    no article or pronoun. `contractions` are a question word and a verb in one."""

    words: str
    verbs: str
    articles: str
    contractions: str = ""


BEGINNINGS: Final = {
    "en": QuestionWords(
        "what who whose which where when why how",
        "is are was were does do did can could will would has have",
        "a an the this that these those my our your i we you he she it they",
        "what's who's where's when's how's",
    ),
    "es": QuestionWords(
        "qué quién quiénes cuál cuáles cuántos cuántas dónde cómo",
        "es son está están era eran fue fueron hay hace hacen tiene tienen",
        "un una el la los las mi nuestro nuestra yo tú él ella nosotros ellos ellas se",
    ),
    "de": QuestionWords(
        "was wer wessen welche welcher welches wo warum wie wann",
        "ist sind war waren hat haben macht machen kann steht heißt heißen passiert",
        "ein eine der die das den mein meine unser unsere ich du er sie es wir ihr man für",
    ),
    "fr": QuestionWords(
        "que qui quel quelle quels quelles où pourquoi combien comment",
        "est est-ce sont était étaient fait font voit-on y",
        "un une le la les de des du mon ma mes notre nos je tu il elle on nous vous ils elles",
        "qu'est-ce",
    ),
    "ru": QuestionWords(
        "что кто чей какой какая какое какие какого где почему сколько как",
        "это этот эта эти здесь тут был была было были делает делают называется находится изображено",
        "мы я ты он она они вы мой моя наш наша",
    ),
    "pt": QuestionWords(
        "que quem qual quais quantos quantas onde como",
        "é são está estão era eram foi foram há tem têm fica faz fazem",
        "um uma o a os as meu minha nosso nossa eu tu você ele ela nós eles elas a se",
    ),
    "it": QuestionWords(
        "che cosa chi quale qual quali quanti quante dove perché come",
        "è sono era erano ha hanno fa fanno sta stanno c'è ci",
        "un uno una il lo la i gli le mio mia nostro nostra io tu lui lei noi loro si",
        "cos'è dov'è com'è",
    ),
    "uk": QuestionWords(
        "що хто чий який яка яке які якого де чому скільки як",
        "це цей ця ці тут був була було були робить роблять називається знаходиться зображено",
        "ми я ти він вона вони ви мій моя наш наша",
    ),
    "hi": QuestionWords(
        "क्या कौन किसका कहाँ कहां कितने कितनी क्यों कैसे",
        "है हैं था थी थे हो यह ये वह",
        "मैं हम तुम आप मेरा मेरी हमारा हमारी सुंदर",
    ),
    "ar": QuestionWords(
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
    """Whether the text below a photo is a question; any other text is a note."""
    text, code = text.strip(), code_of(language)
    if text.endswith(MARKS) or text.startswith(OPENING):
        return True
    if text.rstrip("。.!！…").endswith(ENDINGS.get(code, ())):
        return True
    first, *others = [word.strip(",:.!") for word in text.lower().replace("’", "'").split()[:4]] or [""]
    return any(_begins(BEGINNINGS[tag], first, others) for tag in {ENGLISH, code} & BEGINNINGS.keys())


def split_question(text: str, language: str) -> tuple[str, str]:
    """The text below a photo, as a question and a note: one of them is ''."""
    return (text, "") if is_question(text, language) else ("", text)


def _begins(beginning: QuestionWords, first: str, others: Sequence[str]) -> bool:
    if first in beginning.contractions.split():
        return True
    verbs, articles = beginning.verbs.split(), beginning.articles.split()
    if first not in beginning.words.split() or not others:
        return False
    return others[0] in verbs or (others[0] not in articles and any(word in verbs for word in others[1:]))
