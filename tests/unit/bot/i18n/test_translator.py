"""Languages by name; sentences, numbers and text directions in them."""

import pytest

from bot.i18n import languages
from bot.i18n.translator import CATALOGS, translator_for
from vlm.text.languages import NAMES, code_of

RIGHT, LEFT, APART, END = "\u200f", "\u200e", "\u2068", "\u2069"


@pytest.mark.parametrize(
    ("words", "tag"),
    [
        ("Deutsch", "de"),
        ("allemand", "de"),
        ("alemán", "de"),
        ("aleman", "de"),
        ("немецкий", "de"),
        ("ドイツ語", "de"),
        ("الألمانية", "de"),
        ("nb", "nb"),
        ("norsk", "no"),
        ("pt-BR", "pt-br"),
        ("PT_br", "pt-br"),
        ("中文", "zh"),
        ("Simplified Chinese", "zh-hans"),
        ("Filipino", "tl"),
        ("fil", "fil"),
        ("  english ", "en"),
        ("klingon", ""),
        ("xx", ""),
        ("", ""),
        ("de;drop", ""),
    ],
)
def test_a_language_is_read_by_any_of_its_names(words: str, tag: str) -> None:
    assert languages.tag_of(words) == tag


@pytest.mark.parametrize("code", NAMES)
def test_every_language_is_read_by_the_name_on_its_button(code: str) -> None:
    assert code_of(languages.tag_of(languages.own_name(code))) == code


@pytest.mark.parametrize(
    ("typed", "meant"), [("portugese", "pt"), ("deutch", "de"), ("spanisch", "es"), ("rusian", "ru")]
)
def test_near_misses_are_known(typed: str, meant: str) -> None:
    assert languages.tag_of(typed) in ("", meant)
    assert languages.similar(typed)[0] == meant


def test_names_are_their_own() -> None:
    own = [languages.own_name(code) for code in CATALOGS]
    assert own == [
        "English", "Español", "Deutsch", "Français", "Русский", "Português", "Italiano", "Українська",
        "हिन्दी", "中文", "العربية", "日本語",
    ]  # fmt: skip


def test_numbers_and_days_are_written_as_people_do() -> None:
    assert translator_for("en").number(12345) == "12,345"
    assert translator_for("de").number(12345) == "12.345"
    assert translator_for("de").day(1_777_800_000_000) == "3. Mai 2026"
    assert translator_for("ja").day(1_777_800_000_000) == "2026年5月3日"


def test_a_language_without_catalog_is_spoken_to_in_english() -> None:
    assert translator_for("pl")("What I can do") == "What I can do"
    assert translator_for("pl").tag == "pl"


def test_forms_follow_the_number() -> None:
    singular, plural = "{n} photo: {what}", "{n} photos: {what}"
    assert translator_for("de").many(singular, plural, 1, what="x") == "1 Foto: x"
    assert translator_for("de").many(singular, plural, 2, what="x") == "2 Fotos: x"


def test_arabic_counts_in_its_four_ways() -> None:
    singular, plural = (
        "A photo is forgotten {n} day after it came.",
        "A photo is forgotten {n} days after it came.",
    )
    texts = [
        translator_for("ar").many(singular, plural, n) for n in (1, 2, 7, 11, 30, 99, 365, 100, 102, 400)
    ]
    counted = ["يوم واحد", "يومين", "أيام", "يومًا", "يومًا", "يومًا", "يومًا", "يوم ", "يوم ", "يوم "]
    assert all(word in sentence for word, sentence in zip(counted, texts, strict=True)), texts


def test_from_the_right_a_line_keeps_its_side_and_what_is_filled_in_its_own() -> None:
    t = translator_for("ar")
    assert t("AI caption: {text}", text="two cats").endswith(f": {APART}two cats{END}")
    assert t("/{command}: {does}", command="find", does="x") == f"{RIGHT}{LEFT}/find: {APART}x{END}"
    assert f"{LEFT}/lang español" in t(
        "Which language should I speak? Choose one, or write it, for example: /lang español"
    )


def test_a_name_or_a_link_stays_whole_from_the_right() -> None:
    t = translator_for("ar")
    called = t(
        "In groups I stay silent until you mention me. Write @{name} under a photo, or in reply"
        " to one, with a question if you like. You can also reply to what I say.",
        name="afterimage_bot",
    )
    assert "@afterimage_bot " in called
