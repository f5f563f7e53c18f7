"""What is said in each language, written by hand: gender, number, case, contractions, elisions."""

import pytest
from support.small_language import REFERENCE, caption, sentence

from vlm.lab.languages.grammar import BARE, MANY
from vlm.lab.languages.reference import Meaning, NounGroup

CATS_AND_PIZZA = caption("green", NounGroup("cat", 2), NounGroup("pizza"))
UNKNOWN = caption("red", NounGroup("cat"), NounGroup())
MORE_UNKNOWN = caption("gray", NounGroup("owl"), NounGroup(count=3))
HOW_MANY = "how many {plural} are there"
THERE_IS_NO = "there is no {noun}"
DO_YOU_SEE = "do you see {a_noun}"
IS_LEFT = "is the {noun} {side} the {other}"
WHAT_IS = "what is {side} the {other}"
WHERE = "where is the {noun}"

SPANISH = [
    (CATS_AND_PIZZA, "dos gatos y una pizza sobre fondo verde"),
    (UNKNOWN, "un gato y algo que no conozco sobre fondo rojo"),
    (MORE_UNKNOWN, "un búho y tres cosas que no conozco sobre fondo gris"),
    (caption("purple", NounGroup("axe"), NounGroup("anchor", 2)), "un hacha y dos anclas sobre fondo morado"),
    (caption("", NounGroup("snowman", 5)), "cinco muñecos de nieve"),
    (
        caption("pink", NounGroup("rainbow", 3), NounGroup(name="iguanas")),
        "tres arcoíris e iguanas sobre fondo rosa",
    ),
    (caption("", NounGroup("axe", MANY, "white")), "hachas blancas"),
    (caption("", NounGroup("bicycle", BARE, "red")), "bicicleta roja"),
    (caption("", NounGroup("eagle", BARE, "black")), "águila negra"),
    (sentence("an empty {shade} background", shade="blue"), "un fondo azul vacío"),
    (sentence("on the left"), "a la izquierda"),
    (sentence(THERE_IS_NO, "cow"), "no hay ninguna vaca"),
    (sentence(THERE_IS_NO, "eagle"), "no hay ningún águila"),
    (sentence(THERE_IS_NO, "lion"), "no hay ningún león"),
    (sentence(HOW_MANY, "bee"), "¿Cuántas abejas hay?"),
    (sentence(HOW_MANY, "fish"), "¿Cuántos peces hay?"),
    (sentence(IS_LEFT, "cat", "dog", "left"), "¿Está el gato a la izquierda del perro?"),
    (sentence(IS_LEFT, "eagle", "cow", "above"), "¿Está el águila encima de la vaca?"),
    (sentence(WHAT_IS, other="axe", side="below"), "¿Qué hay debajo del hacha?"),
    (sentence(WHERE, "kite"), "¿Dónde está la cometa?"),
    (sentence("count the {plural}", "key"), "Cuenta las llaves"),
]
GERMAN = [
    (CATS_AND_PIZZA, "zwei Katzen und eine Pizza auf grünem Hintergrund"),
    (UNKNOWN, "eine Katze und etwas, das ich nicht kenne, auf rotem Hintergrund"),
    (MORE_UNKNOWN, "eine Eule und drei Dinge, die ich nicht kenne, auf grauem Hintergrund"),
    (caption("", NounGroup("cat"), NounGroup()), "eine Katze und etwas, das ich nicht kenne"),
    (
        caption("orange", NounGroup("lion"), NounGroup("lion", 2)),
        "ein Löwe und zwei Löwen auf orangefarbenem Hintergrund",
    ),
    (caption("pink", NounGroup("heart")), "ein Herz auf rosa Hintergrund"),
    (caption("", NounGroup("bicycle", BARE, "red")), "rotes Fahrrad"),
    (caption("", NounGroup("dog", BARE, "black")), "schwarzer Hund"),
    (caption("", NounGroup("duck", MANY, "yellow")), "gelbe Enten"),
    (sentence("an empty {shade} background", shade="blue"), "ein leerer blauer Hintergrund"),
    (sentence(THERE_IS_NO, "bear"), "es gibt keinen Bären"),
    (sentence(THERE_IS_NO, "sheep"), "es gibt kein Schaf"),
    (sentence(THERE_IS_NO, "mouse"), "es gibt keine Maus"),
    (sentence(HOW_MANY, "cactus"), "Wie viele Kakteen gibt es?"),
    (sentence(DO_YOU_SEE, "elephant"), "Siehst du einen Elefanten?"),
    (sentence(DO_YOU_SEE, "tiger"), "Siehst du einen Tiger?"),
    (sentence(IS_LEFT, "cat", "dog", "left"), "Ist die Katze links vom Hund?"),
    (sentence(IS_LEFT, "horse", "monkey", "above"), "Ist das Pferd über dem Affen?"),
    (sentence(WHAT_IS, other="heart", side="right"), "Was ist rechts vom Herzen?"),
    (sentence(WHAT_IS, other="door", side="below"), "Was ist unter der Tür?"),
    (sentence(WHERE, "kite"), "Wo ist der Drachen?"),
]
FRENCH = [
    (CATS_AND_PIZZA, "deux chats et une pizza sur fond vert"),
    (UNKNOWN, "un chat et quelque chose que je ne connais pas sur fond rouge"),
    (MORE_UNKNOWN, "un hibou et trois choses que je ne connais pas sur fond gris"),
    (
        caption("white", NounGroup("bat", 4), NounGroup("sheep")),
        "quatre chauves-souris et un mouton sur fond blanc",
    ),
    (caption("", NounGroup("horse", 3), NounGroup("owl", 2)), "trois chevaux et deux hiboux"),
    (caption("", NounGroup("car", BARE, "green")), "voiture verte"),
    (caption("", NounGroup("rose", MANY, "white")), "roses blanches"),
    (caption("", NounGroup("cat", MANY, "black")), "chats noirs"),
    (sentence("an empty {shade} background", shade="blue"), "un fond bleu vide"),
    (sentence(THERE_IS_NO, "elephant"), "il n'y a pas d'éléphant"),
    (sentence(THERE_IS_NO, "owl"), "il n'y a pas de hibou"),
    (sentence(THERE_IS_NO, "clock"), "il n'y a pas d'horloge"),
    (sentence(HOW_MANY, "egg"), "Combien d'œufs y a-t-il ?"),
    (sentence(HOW_MANY, "hedgehog"), "Combien de hérissons y a-t-il ?"),
    (sentence(IS_LEFT, "cat", "dog", "left"), "Le chat est-il à gauche du chien ?"),
    (sentence(IS_LEFT, "bee", "tree", "right"), "L'abeille est-elle à droite de l'arbre ?"),
    (sentence(WHAT_IS, other="axe", side="above"), "Qu'y a-t-il au-dessus de la hache ?"),
    (sentence(WHAT_IS, other="lobster", side="below"), "Qu'y a-t-il en dessous du homard ?"),
    (sentence(WHERE, "helicopter"), "Où est l'hélicoptère ?"),
    (sentence(WHERE, "hamburger"), "Où est le hamburger ?"),
    (sentence("in the middle"), "au milieu"),
]
RUSSIAN = [
    (CATS_AND_PIZZA, "две кошки и пицца на зелёном фоне"),
    (UNKNOWN, "кошка и что-то, чего я не знаю, на красном фоне"),
    (MORE_UNKNOWN, "сова и три вещи, которых я не знаю, на сером фоне"),
    (caption("", NounGroup(count=5)), "пять вещей, которых я не знаю"),
    (
        caption("blue", NounGroup("dog"), NounGroup("dog", 2), NounGroup("dog", 5)),
        "собака, две собаки и пять собак на синем фоне",
    ),
    (caption("", NounGroup("lion", 3), NounGroup("lion", 5)), "три льва и пять львов"),
    (caption("", NounGroup("tree", 2), NounGroup("tree", 5)), "два дерева и пять деревьев"),
    (caption("", NounGroup("bat", 2), NounGroup("bat", 5)), "две летучие мыши и пять летучих мышей"),
    (
        caption("", NounGroup("balloon", 4), NounGroup("balloon", 5)),
        "четыре воздушных шара и пять воздушных шаров",
    ),
    (caption("", NounGroup("clock", 2), NounGroup("clock", 5)), "двое часов и пятеро часов"),
    (caption("", NounGroup("taxi", 2), NounGroup("kangaroo", 5)), "два такси и пять кенгуру"),
    (
        caption("", NounGroup("apple", BARE, "red"), NounGroup("bee", MANY, "yellow")),
        "красное яблоко и жёлтые пчёлы",
    ),
    (sentence("an empty {shade} background", shade="blue"), "пустой синий фон"),
    (sentence(THERE_IS_NO, "knife"), "здесь нет ножа"),
    (sentence(HOW_MANY, "shoe"), "Сколько ботинок?"),
    (sentence(HOW_MANY, "chicken"), "Сколько кур?"),
    (sentence(DO_YOU_SEE, "horse"), "Ты видишь лошадь?"),
    (sentence(DO_YOU_SEE, "ladybug"), "Ты видишь божью коровку?"),
    (sentence(DO_YOU_SEE, "bear"), "Ты видишь медведя?"),
    (sentence(DO_YOU_SEE, "house"), "Ты видишь дом?"),
    (sentence(IS_LEFT, "cat", "dog", "left"), "Кошка слева от собаки?"),
    (sentence(WHAT_IS, other="sheep", side="above"), "Что над овцой?"),
    (sentence(WHAT_IS, other="ant", side="below"), "Что под муравьём?"),
    (sentence("count the {plural}", "fox"), "Посчитай лис"),
    (sentence("count the {plural}", "key"), "Посчитай ключи"),
]
BY_HAND = [
    (code, *line)
    for code, lines in (("es", SPANISH), ("de", GERMAN), ("fr", FRENCH), ("ru", RUSSIAN))
    for line in lines
]


@pytest.mark.parametrize(("code", "meaning", "written"), BY_HAND, ids=[line[2] for line in BY_HAND])
def test_the_reference_says_what_a_native_speaker_would(code: str, meaning: Meaning, written: str) -> None:
    assert REFERENCE.say(meaning, code) == written
