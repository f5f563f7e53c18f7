"""The texts around search results. Pure."""

from datetime import UTC, datetime

import pytest

from bot.i18n.date_filter import parse_query
from bot.i18n.translator import translator_for
from bot.replies import find
from bot.replies.layout import MAX_UNITS
from vlm.memory import Photo


@pytest.mark.parametrize(
    ("language", "query", "shown"),
    [
        ("en", "in May 2025", "May 2025"),
        ("en", "2025", "2025"),
        ("en", "2025-05-03", "May 3, 2025"),
        ("en", "since May 2025", "since May 1, 2025"),
        ("en", "before 2025", "before January 1, 2025"),
        ("en", "since 2024-12-30 before 2025-01-03", "Dec 30, 2024 – Jan 2, 2025"),
        ("de", "im Mai 2025", "Mai 2025"),
        ("ru", "в мае 2025", "май 2025 г."),
        ("ja", "2025年5月", "2025年5月"),
    ],
)
def test_a_time_is_said_as_it_was_understood(language: str, query: str, shown: str) -> None:
    parsed = parse_query(query, translator_for(language), datetime(2026, 11, 22, tzinfo=UTC))
    said_as = find.period(translator_for(language), parsed.since_ms, parsed.until_ms)
    assert " ".join(said_as.split()) == shown  # babel writes with thin blanks


def test_long_words_are_cut_to_what_telegram_takes() -> None:
    photo = Photo(id="1", file_id="f", created_ms=1, caption="a cat 🐈 " * 500, note="mine " * 500)
    below = find.photo_caption(translator_for("en"), photo, 1)
    assert len(below.encode("utf-16-le")) // 2 <= find.MAX_CAPTION
    page = find.page(translator_for("en"), "Photos", [below] * 5)
    assert len(page.encode("utf-16-le")) // 2 < MAX_UNITS
