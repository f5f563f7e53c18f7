"""No words break the formatting of what the bot says, or add to it; `make formatting` tries 100,000."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.security import formatting
from support.security.bot_api import faults
from support.security.renderings import calls

from bot.transport.updates import without_surrogates

STRINGS = 1500
ANY = st.text(st.characters(exclude_categories=()), max_size=300)  # halves of pairs and NULs as well


@pytest.mark.promise("security#messages-are-valid")
def test_no_words_make_a_call_that_telegram_would_refuse() -> None:
    assert formatting.run(STRINGS, seed=7) > 15 * STRINGS


@pytest.mark.promise("security#messages-are-valid")
@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.integers(0, 59), ANY, ANY)
def test_nor_do_any_that_hypothesis_thinks_of(n: int, model: str, person: str) -> None:
    for call in calls(n, model, person):
        assert not list(faults(call)), call


@pytest.mark.promise("security#messages-are-valid")
def test_no_parse_mode_is_asked_for() -> None:
    for call in calls(0, "<b>*a*</b>", "_b_"):
        assert "parse_mode" not in json.dumps(call, default=str)


@pytest.mark.promise("security#lone-surrogates")
@given(ANY)
@settings(max_examples=100, deadline=None, derandomize=True, database=None)
def test_what_comes_in_is_whole_characters_of_the_same_places(text: str) -> None:
    whole = without_surrogates({"message": {"text": text}})["message"]["text"]
    assert len(whole.encode("utf-16-le")) == len(text.encode("utf-16-le", "surrogatepass"))


# The checker itself: what it is there for is seen.


def mark(**about: Any) -> dict[str, Any]:
    return {"text": "a👍b", "entities": [{"type": "bold", "offset": 0, "length": 1, **about}]}


@pytest.mark.promise("security#messages-are-checked")
@pytest.mark.parametrize(
    ("call", "said"),
    [
        ({"text": "x" * 4097}, "4097 units"),
        ({"text": "👍" * 2049}, "4098 units"),
        ({"caption": "x" * 1025}, "1025 units"),
        ({"text": " \n"}, "empty"),
        ({"text": "a\ud800"}, "half a surrogate"),
        (mark(length=0), "entity from 0 to 0"),
        (mark(offset=3, length=2), "entity from 3 to 5 of 4"),
        (mark(offset=2), "within a character"),
        (mark(type="marquee"), "marquee"),
        ({"text": "<b>a", "parse_mode": "HTML"}, "no end of b"),
        ({"text": "a</b>", "parse_mode": "HTML"}, "not begun"),
        ({"text": "<script>a</script>", "parse_mode": "HTML"}, "script"),
        ({"text": "1 < 2", "parse_mode": "HTML"}, "bare <"),
        ({"text": "a&nbsp;b", "parse_mode": "HTML"}, "ampersand"),
        ({"text": "a.b", "parse_mode": "MarkdownV2"}, "not escaped"),
        ({"text": "a", "parse_mode": "BBCode"}, "parse mode"),
        ({"reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "ü" * 33}]]}}, "66 bytes"),
        ({"reply_markup": {"inline_keyboard": [[{"text": "", "callback_data": "a"}]]}}, "empty"),
        ({"results": [{"id": "1", "title": ""}]}, "without a title"),
        ({"results": [{"id": "x" * 65, "title": "a"}]}, "64 bytes"),
        ({"results": [{"id": "1", "title": "a"}] * 2}, "two with one id"),
        ({"results": [{"id": "1", "title": "a", "caption": "x" * 1025}]}, "1025 units"),
        ({"callback_answer": "x" * 201}, "200 characters"),
    ],
)
def test_the_checker_sees_what_telegram_would_refuse(call: dict[str, Any], said: str) -> None:
    assert said in " ".join(faults(call))


def test_the_checker_takes_what_telegram_takes() -> None:
    good = {"text": "<b>a &lt; b</b>", "parse_mode": "HTML"}
    assert not [*faults(good), *faults(mark(offset=1, length=2)), *faults({"caption": ""})]
