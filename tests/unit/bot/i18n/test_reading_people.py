"""Parsing what users write: questions, numbers, and questions that fit a caption."""

import pytest

from bot.i18n.album_selection import ALL, EVERY, selected_photo, without_number
from bot.i18n.question_detection import is_question, split_question
from bot.i18n.translator import translator_for
from bot.replies.photos import suggested_question, suggestions


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("is it red?", "en"),
        ("What is it", "en"),
        ("what’s this", "de"),
        ("How many dogs are there?", "en"),
        ("what color is it", "en"),
        ("how many dogs are there", "en"),
        ("which of them is yours", "en"),
        ("wie viele Hunde sind das", "de"),
        ("welche Farbe hat das Auto", "de"),
        ("cuántos perros hay", "es"),
        ("Quelle couleur est-ce", "fr"),
        ("quantos gatos há aqui", "pt"),
        ("какого цвета это", "ru"),
        ("сколько собак здесь", "ru"),
        ("where are we", "fr"),
        ("Wo war das", "de"),
        ("was steht auf dem Schild", "de"),
        ("¿dónde es", "es"),
        ("qué hay en la mesa", "es"),
        ("qu’est-ce que c’est", "fr"),
        ("Où est le chat", "fr"),
        ("Что это", "ru"),
        ("где это было", "ru"),
        ("Хто це", "uk"),
        ("quem é esse", "pt-br"),
        ("cos’è questo", "it"),
        ("Chi sono loro", "it"),
        ("क्या है यह", "hi"),
        ("यह क्या है?", "hi"),
        ("ما هذا", "ar"),
        ("هل هناك قطة", "ar"),
        ("这是什么", "zh"),
        ("这是猫吗。", "zh-hans"),
        ("ここはどこ", "ja"),
        ("这是什么？", "zh"),
        ("何ですか", "ja"),
        ("ما هذا؟", "ar"),
    ],
)
def test_questions_are_known_by_their_mark_or_by_how_they_begin(text: str, language: str) -> None:
    assert is_question(text, language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("", "en"),
        ("Our week in Lisbon", "en"),
        ("Wo war das", "en"),
        ("where we work", "en"),
        ("where we are", "en"),
        ("what a day it was", "en"),
        ("when the sun was low", "en"),
        ("Als wir jung waren", "de"),
        ("Wo wir waren", "de"),
        ("Где мы были", "ru"),
        ("What a day!", "en"),
        ("What a day", "de"),
        ("How we spent the summer", "en"),
        ("what", "en"),
        ("Wo wir arbeiten", "de"),
        ("Was für ein Tag", "de"),
        ("Wie schön", "de"),
        ("qué día", "es"),
        ("donde trabajamos", "es"),
        ("Que de beaux souvenirs", "fr"),
        ("où nous travaillons", "fr"),
        ("Где мы работаем", "ru"),
        ("какой день", "ru"),
        ("Де ми працюємо", "uk"),
        ("Que dia lindo", "pt"),
        ("onde trabalhamos", "pt"),
        ("Che giornata", "it"),
        ("dove lavoriamo", "it"),
        ("कितना सुंदर दिन", "hi"),
        ("ما أجمل هذا اليوم", "ar"),
        ("من أجمل الأيام", "ar"),
        ("多么美好的一天", "zh"),
        ("何て素敵な日", "ja"),
    ],
)
def test_all_else_is_no_question(text: str, language: str) -> None:
    assert not is_question(text, language)


def test_what_is_no_question_is_kept_as_a_note() -> None:
    assert split_question("Is it red?", "en") == ("Is it red?", "")
    assert split_question("Wo war das", "de") == ("Wo war das", "")
    assert split_question("Where we slept", "en") == ("", "Where we slept")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2: what colour is it?", 2),
        ("#3 what is it", 3),
        ("what is the second one?", 2),
        ("the last?", 3),
        ("what is on all of them?", ALL),
        ("9: what is it?", None),
        ("what is it?", None),
        ("the first or the second?", None),
        ("2nd thoughts", None),
    ],
)
def test_a_question_may_name_its_photo(text: str, number: int | None) -> None:
    assert selected_photo(translator_for("en"), text, 3) == number


@pytest.mark.parametrize("language", ["de", "ar", "ja", "zh", "hi"])
def test_the_words_for_all_are_known_in_the_chats_language(language: str) -> None:
    t = translator_for(language)
    assert any(selected_photo(t, f"… {word} …", 3) == ALL for word in t(EVERY).strip("\u200f").split("/"))


def test_the_number_is_not_part_of_the_question() -> None:
    assert without_number("2: what is it?") == "what is it?"
    assert without_number("what are these 2?") == "what are these 2?"


@pytest.mark.parametrize(
    ("caption", "first"),
    [
        ("two cats and a pizza on a green background", "How many cats are there?"),
        ("three small birds on a wire", "How many small birds are there?"),
        ("several people in a park", "How many people are there?"),
        ("a dog running on the beach", "What is happening here?"),
        ("a building with a red door", "What colour is the background?"),
        ("", "What colour is the background?"),
    ],
)
def test_the_questions_offered_fit_the_caption(caption: str, first: str) -> None:
    keys = suggestions(caption)
    assert len(keys) == 2
    assert suggested_question(translator_for("en"), keys[0]) == first


def test_in_other_languages_no_english_word_is_mixed_in() -> None:
    assert "cats" not in suggested_question(translator_for("de"), "many:cats")


def test_a_forged_key_asks_nothing() -> None:
    assert suggested_question(translator_for("en"), "drop table") == ""


def test_what_a_button_brings_back_fits_telegrams_64_bytes() -> None:
    keys = suggestions("many extraordinarily longwinded tyrannosauruses rexes standing")
    assert all(len(f"q:g123456789012345:{key}".encode()) <= 64 for key in keys)
