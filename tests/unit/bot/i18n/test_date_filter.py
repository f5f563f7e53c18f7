"""Parsing times and senders in searches."""

from datetime import UTC, date, datetime

import pytest

from bot.i18n.date_filter import ME, ParsedQuery, parse_query
from bot.i18n.date_phrases import SPOKEN
from bot.i18n.translator import CATALOGS, translator_for

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)  # a Sunday

TODAY = ("2026-11-22", "2026-11-23")
YESTERDAY = ("2026-11-21", "2026-11-22")
THIS_WEEK = ("2026-11-16", "2026-11-23")
LAST_WEEK = ("2026-11-09", "2026-11-16")
THIS_MONTH = ("2026-11-01", "2026-12-01")
LAST_MONTH = ("2026-10-01", "2026-11-01")
THIS_YEAR = ("2026-01-01", "2027-01-01")
LAST_YEAR = ("2025-01-01", "2026-01-01")
MAY = ("2026-05-01", "2026-06-01")
MAY_2025 = ("2025-05-01", "2025-06-01")
ALWAYS = ("", "")


def read_as(words: str, language: str) -> tuple[str, tuple[str, str], str]:
    parsed = parse_query(words, translator_for(language), NOW)
    return parsed.text, (day(parsed.since_ms), day(parsed.until_ms)), parsed.sender_name


def day(ms: int) -> str:
    return str(datetime.fromtimestamp(ms / 1000, UTC).date()) if ms else ""


@pytest.mark.parametrize(
    ("language", "query", "words", "time", "sender"),
    [
        ("en", "red bicycle", "red bicycle", ALWAYS, ""),
        ("en", "red bicycle last week", "red bicycle", LAST_WEEK, ""),
        ("en", "Yesterday's cake, yesterday", "Yesterday's cake", YESTERDAY, ""),
        ("en", "today", "", TODAY, ""),
        ("en", "cats in May", "cats", MAY, ""),
        ("en", "cats in May 2025 from @Ada_B", "cats", MAY_2025, "@Ada_B"),
        ("en", "in December", "", ("2025-12-01", "2026-01-01"), ""),
        ("en", "2025", "", LAST_YEAR, ""),
        ("en", "dog 2025-05", "dog", MAY_2025, ""),
        ("en", "dog 2026-05-03", "dog", ("2026-05-03", "2026-05-04"), ""),
        ("en", "3 May cake", "cake", ("2026-05-03", "2026-05-04"), ""),
        ("en", "May 3, 2026", "", ("2026-05-03", "2026-05-04"), ""),
        ("de", "3.5.2026", "", ("2026-05-03", "2026-05-04"), ""),
        ("fr", "3/5/2026", "", ("2026-05-03", "2026-05-04"), ""),
        ("en", "Sep 2025", "", ("2025-09-01", "2025-10-01"), ""),
        ("en", "all my photos since March from me", "", ("2026-03-01", ""), ME),
        ("en", "cats before May 2025", "cats", ("", "2025-05-01"), ""),
        ("en", "since May 2025 before May", "", ("2025-05-01", "2026-05-01"), ""),
        ("en", "pictures of @ada this year", "", THIS_YEAR, "@ada"),
        ("es", "bici de la semana pasada", "bici", LAST_WEEK, ""),
        ("es", "mis fotos de ayer", "", YESTERDAY, ""),
        ("es", "gato en mayo", "gato", MAY, ""),
        ("es", "3 de mayo de 2025", "", ("2025-05-03", "2025-05-04"), ""),
        ("es", "desde marzo de @ana", "", ("2026-03-01", ""), "@ana"),
        ("es", "foto de mi perro", "foto de mi perro", ALWAYS, ""),
        ("de", "rotes Fahrrad letzte Woche", "rotes Fahrrad", LAST_WEEK, ""),
        ("de", "Katzen im Mai", "Katzen", MAY, ""),
        ("de", "Fotos von gestern", "", YESTERDAY, ""),
        ("de", "Fotos von @name", "", ALWAYS, "@name"),
        ("de", "Hunde aus dem letzten Monat von mir", "Hunde", LAST_MONTH, ME),
        ("de", "am 3. Mai 2026", "", ("2026-05-03", "2026-05-04"), ""),
        ("de", "seit März", "", ("2026-03-01", ""), ""),
        ("de", "red cats last week", "red cats", LAST_WEEK, ""),
        ("fr", "vélo la semaine dernière", "vélo", LAST_WEEK, ""),
        ("fr", "chats d’août", "chats", ("2026-08-01", "2026-09-01"), ""),
        ("fr", "aujourd'hui", "", TODAY, ""),
        ("fr", "depuis mai 2025", "", ("2025-05-01", ""), ""),
        ("fr", "l'année dernière de moi", "", LAST_YEAR, ME),
        ("ru", "коты на прошлой неделе", "коты", LAST_WEEK, ""),
        ("ru", "собака в мае 2025 года", "собака", MAY_2025, ""),
        ("ru", "с марта от @ivan", "", ("2026-03-01", ""), "@ivan"),
        ("ru", "мои фото за прошлый месяц", "", LAST_MONTH, ""),
        ("pt", "gato na semana passada", "gato", LAST_WEEK, ""),
        ("it", "gatto in maggio", "gatto", MAY, ""),
        ("uk", "кіт у травні", "кіт", MAY, ""),
        ("hi", "पिछले हफ़्ते की बिल्ली", "बिल्ली", LAST_WEEK, ""),
        ("zh", "上周的红色自行车", "红色自行车", LAST_WEEK, ""),
        ("zh", "2025年5月的猫", "猫", MAY_2025, ""),
        ("ar", "قطة الأسبوع الماضي", "قطة", LAST_WEEK, ""),
        ("ar", "صور في مايو", "", MAY, ""),
        ("ar", "قطة 03\u200f/05\u200f/2025", "قطة", ("2025-05-03", "2025-05-04"), ""),
        ("ja", "2025/05/03", "", ("2025-05-03", "2025-05-04"), ""),
        ("ja", "先週の猫", "猫", LAST_WEEK, ""),
        ("ja", "5月の写真", "", MAY, ""),
        ("ja", "5月から", "", ("2026-05-01", ""), ""),
    ],
)
def test_a_filter_is_taken_out_of_the_words(
    language: str, query: str, words: str, time: tuple[str, str], sender: str
) -> None:
    assert read_as(query, language) == (words, time, sender)


@pytest.mark.parametrize(
    "words",
    [
        "march of the penguins",
        "a cat that may be red",
        "1984",
        "2049",  # yet to come
        "31 June",
        "2025-13",
        "mail me@work.example",
        "3/5/2026",  # March or May
        "may 3 cats come",
        "in the garden",
        "",
    ],
)
def test_what_only_looks_like_a_filter_is_searched_for(words: str) -> None:
    assert parse_query(words, translator_for("en"), NOW) == ParsedQuery(words)


@pytest.mark.parametrize("language", CATALOGS)
def test_every_language_of_the_interface_knows_the_times_in_its_own_words(language: str) -> None:
    phrases = SPOKEN[language]
    for words, time in [
        (phrases.today, TODAY),
        (phrases.yesterday, YESTERDAY),
        (phrases.this_week, THIS_WEEK),
        (phrases.last_week, LAST_WEEK),
        (phrases.this_month, THIS_MONTH),
        (phrases.last_month, LAST_MONTH),
        (phrases.this_year, THIS_YEAR),
        (phrases.last_year, LAST_YEAR),
    ]:
        if not set(words) & set("([?"):
            first = words.split("|")[0]
            assert read_as(f"@ada {first.upper()}", language) == ("", time, "@ada")


@pytest.mark.parametrize("language", CATALOGS)
@pytest.mark.parametrize("month", range(1, 13))
def test_every_month_is_known_as_the_bot_itself_writes_it(language: str, month: int) -> None:
    shown = translator_for(language).day(int(datetime(2025, month, 3, tzinfo=UTC).timestamp()) * 1000)
    first = date(2025, month, 3)
    assert read_as(shown, language) == ("", (str(first), str(first.replace(day=4))), "")
