"""Parses what people search for: 'red bicycle last week from @ada' -> text, time, sender. Pure.

    a day       today, yesterday, 3 May, May 3, 2026, 2026-05-03, 3.5.2026; except in English: 3/5/2026
    longer      this and last week, month, year; May, May 2025, 2025, 2025-05
    with        in, since, before, in the language's words

The parser knows the chat's language, and English. A month or day without a year is the last that has begun.
A month's name alone is a filter only after such a word, or with a day or a year: 'may' and 'march' are words.
Weeks begin on Monday, days at midnight UTC: Telegram does not tell where people live.
Not covered: weekdays, seasons, 'three days ago', names of people without an @.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from unicodedata import normalize

from babel import Locale

from bot.i18n.date_phrases import CLEAR, SPOKEN, UNSPACED, DatePhrases
from bot.i18n.translator import Translator
from vlm.text.languages import ENGLISH

ME: Final = "me"  # as a sender's name; all others begin with @
DAYS: Final = 31  # of a month at most
LOCATIVE: Final = {"ru": "е", "uk": "і"}  # 'в мае': a case that babel does not have

# Languages put particles into dates ('3 de mayo de 2025', '3rd of May') and after them ('2025 года').
ORDINAL: Final = r"(?:\.|st|nd|rd|th|er|º)?"
CLOSED: Final = r"(?:日|(?:st|nd|rd|th)?,?(?=\s*20\d\d))"  # 'May 3, 2026', but not 'in May 3 cats'
JOINED: Final = r"\s*(?:(?:de|del|of)\s+|d['’])?"
BEHIND: Final = r"(?:\s*(?:года|году|год|г\.|року|році|рік|р\.|年))?"
PARTICLES: Final = "的|の|に|में|को|का|के|की"
NEVER: Final = "(?!)"


# Marks of the direction of writing: dates in Arabic contain them.
MARKS: Final = re.compile("[\u200e\u200f\u061c\u2066-\u2069]")


class ParsedQuery(NamedTuple):
    """A parsed search. `text` may be '': then all photos of that period and sender match.

    since_ms, until_ms   the period, end excluded; 0: open
    sender_name          '@ada', ME, or '' for anybody
    """

    text: str
    since_ms: int = 0
    until_ms: int = 0
    sender_name: str = ""


class Span(NamedTuple):
    """From the day `first` until before the day `end`; None: open."""

    first: date | None
    end: date | None


def parse_query(text: str, t: Translator, now: datetime) -> ParsedQuery:
    """The filters in a text, and the text without them. `now` is in UTC."""
    query = ParsedQuery(_normalized(normalize("NFC", MARKS.sub("", text))))
    for code in dict.fromkeys((t.locale.language, ENGLISH)):
        query = _read(query, code, now.date())
    filtered = query.since_ms or query.until_ms or query.sender_name
    return query._replace(text=_without_filler(query.text, t)) if filtered else query


def _read(query: ParsedQuery, code: str, today: date) -> ParsedQuery:
    while match_and_span := next(_spans(query.text, code, today), None):
        match, span = match_and_span
        query = query._replace(
            text=_without(query.text, match),
            since_ms=max(query.since_ms, _start_ms(span.first)),
            until_ms=min(filter(None, (query.until_ms, _start_ms(span.end))), default=0),
        )
    if match_of_sender := _sender_pattern(code).search(query.text):
        name = match_of_sender["name"] or ME
        query = query._replace(text=_without(query.text, match_of_sender), sender_name=name)
    return query


def _spans(text: str, code: str, today: date) -> Iterator[tuple[re.Match[str], Span]]:
    """Each time that the text names: its match, and its span."""
    for match in _time_pattern(code).finditer(text):
        span = _span_of(match, code, today)
        if span is None:
            continue
        if match["since"] or match["after"]:
            yield match, Span(span.first, None)
        elif match["before"]:
            yield match, Span(None, span.first)
        else:
            yield match, span


def _span_of(match: re.Match[str], code: str, today: date) -> Span | None:
    """The span of a match; None if it is no time after all, such as 'may' or 31 June."""
    if phrase := match["phrase"]:
        return _relative(_phrase_name(phrase, code), today)
    try:
        if month := match["month"]:
            return _month(match, _months(code)[month.casefold()], code, today)
        return _number(match["number"], code, today)
    except ValueError:
        return None


def _number(number: str, code: str, today: date) -> Span | None:
    parts = [int(part) for part in re.split("[-./]", number)]
    year, *rest = parts if parts[0] > DAYS else reversed(parts)
    if "/" in number and parts[0] <= DAYS and code == ENGLISH:  # where some write the month first
        return None
    return _calendar(year, *rest) if year <= today.year else None


def _month(match: re.Match[str], month: int, code: str, today: date) -> Span | None:
    day, year = int(match["day"] or match["late"] or 0), int(match["year"] or match["early"] or 0)
    led = match["since"] or match["before"] or match["within"] or match["after"]
    full = match["month"].casefold() in _full_months(code)
    if not (day or year or (led and full) or (code in CLEAR)):
        return None
    if not year:
        year = today.year if (month, day) <= (today.month, today.day) else today.year - 1
    return _calendar(year, month, *([day] if day else []))


def _calendar(year: int, month: int = 0, day: int = 0) -> Span:
    """A year, a month of it, or a day. Raises ValueError if it does not exist."""
    first = date(year, month or 1, day or 1)
    if day:
        return Span(first, first + timedelta(days=1))
    if month:
        return Span(first, _next_month(first))
    return Span(first, date(year + 1, 1, 1))


def _relative(meaning: str, today: date) -> Span:
    monday, first = today - timedelta(days=today.weekday()), today.replace(day=1)
    days = {
        "today": (today, 1),
        "yesterday": (today - timedelta(days=1), 1),
        "this_week": (monday, 7),
        "last_week": (monday - timedelta(days=7), 7),
    }
    if meaning in days:
        start, count = days[meaning]
        return Span(start, start + timedelta(days=count))
    if meaning == "this_month":
        return Span(first, _next_month(first))
    if meaning == "last_month":
        return Span((first - timedelta(days=1)).replace(day=1), first)
    return _calendar(today.year - (meaning == "last_year"))


def _next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


PHRASES: Final = DatePhrases._fields[DatePhrases._fields.index("today") : DatePhrases._fields.index("after")]


@lru_cache
def _time_pattern(code: str) -> re.Pattern[str]:
    """Matches every name of a time in a language."""
    phrases, (start, end) = SPOKEN[code], _edges(code)
    phrase = "|".join(getattr(phrases, name) for name in PHRASES)
    lead = "|".join(
        f"(?P<{name}>{getattr(phrases, name) or NEVER})" for name in ("since", "before", "within")
    )
    gap = r"\s*" if code in UNSPACED else r"(?:\s+|(?<=['’]))"
    day = NEVER if code in UNSPACED else r"\d\d?"  # there the day comes after: '11月3日' has no 1 January
    month = (
        rf"(?:(?P<early>20\d\d)\s*年\s*)?(?:(?P<day>{day}){ORDINAL}{JOINED})?"
        rf"(?P<month>{'|'.join(map(re.escape, _months(code)))})\.?(?:\s*(?P<late>\d\d?){CLOSED})?"
        rf"(?:,?{JOINED}\s*(?P<year>20\d\d){BEHIND})?"
    )
    number = rf"(?P<number>20\d\d(?:[-./]\d\d?){{0,2}}|\d\d?(?:\.\d\d?\.|/\d\d?/)20\d\d){BEHIND}"
    after = rf"(?:\s*(?P<after>{phrases.after or NEVER}))?(?:\s*(?:{PARTICLES}){end})?"
    return _compiled(rf"{start}(?:(?:{lead}){gap})?(?:(?P<phrase>{phrase})|{month}|{number}){end}{after}")


@lru_cache
def _sender_pattern(code: str) -> re.Pattern[str]:
    """Matches every name of a sender in a language."""
    phrases, (start, end) = SPOKEN[code], _edges(code)
    by = rf"(?:(?:{phrases.by})\s*)?" if phrases.by else ""
    return _compiled(rf"{start}(?:{by}(?P<name>@\w+)|(?:{phrases.me})){end}")


def _edges(code: str) -> tuple[str, str]:
    return (r"(?<!\d)", "") if code in UNSPACED else (r"(?<![\w@])", r"(?!['’]?\w)")


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.replace(" ", r"\s+"), re.IGNORECASE)


def _phrase_name(phrase: str, code: str) -> str:
    """Which of PHRASES it is."""
    phrases = SPOKEN[code]
    return next(name for name in PHRASES if _compiled(getattr(phrases, name)).fullmatch(phrase))


@lru_cache
def _full_months(code: str) -> dict[str, int]:
    """Names of months, in all grammatical cases that dates use -> their numbers."""
    months = Locale(code).months
    names = {
        name.casefold(): number
        for context in ("format", "stand-alone")
        for number, name in months[context]["wide"].items()
    }
    if ending := LOCATIVE.get(code):
        names |= {name[:-1] + ending: number for name, number in names.items()}
    if code in UNSPACED:
        names |= {f"{number}月": number for number in range(1, 13)}
    return names


@lru_cache
def _months(code: str) -> dict[str, int]:
    """The same, with abbreviations of three letters and more."""
    short = Locale(code).months["format"]["abbreviated"]
    forms = {name.rstrip(".").casefold(): number for number, name in short.items()}
    return {name: number for name, number in forms.items() if len(name) > 2} | _full_months(code)


def _without_filler(text: str, t: Translator) -> str:
    """The text; '' if it says only that photos are wanted."""
    rest = "|".join(SPOKEN[code].rest for code in (t.locale.language, ENGLISH))
    blank = _compiled(rf"(?:{rest}|[^\w]+)*").fullmatch(text)
    return "" if blank else text


def _without(text: str, match: re.Match[str]) -> str:
    return _normalized(f"{text[: match.start()]} {text[match.end() :]}")


def _normalized(text: str) -> str:
    return " ".join(text.split()).strip(" ,;·")


def _start_ms(day: date | None) -> int:
    """When a day begins, Unix ms; 0 for None."""
    return int(datetime.combine(day, time(), UTC).timestamp()) * 1000 if day else 0
