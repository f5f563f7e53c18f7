"""What the bot says about searches and the photos that they find."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from babel.dates import format_interval, format_skeleton

from bot.i18n.translator import Translator
from bot.replies.layout import truncate
from vlm.memory import Photo
from vlm.protocol import Find, Hit
from vlm.text.languages import ENGLISH, code_of

MAX_CAPTION: Final = 1024  # of a photo, in UTF-16 code units
MAX_LINE: Final = 300  # of a photo's text in a list


def looking(t: Translator, has_worker: bool) -> str:
    if has_worker:
        return t("Looking through your photos …")
    return t("Your search is in line. No worker is running right now; I will answer here when one is back.")


def how(t: Translator) -> str:
    examples = [t("/find red bicycle"), t("/find cats last week"), t("/find in May")]
    return "\n".join(
        [
            t("After /find, write what to look for, for example:"),
            *examples,
            t("Or reply to a photo with /find, and I look for similar ones."),
        ]
    )


def empty(t: Translator) -> str:
    return t("I know no photos from this chat yet. Send me some first, then search for them.")


def which_photo(t: Translator) -> str:
    return t(
        "I do not know which photo that message is about. Reply to the photo itself, or say what to find."
    )


def too_old(t: Translator) -> str:
    return t("I no longer know what this search was. Please send the command again.")


def here_already(t: Translator) -> str:
    return t("That page is already here.")


def forgotten(t: Translator) -> str:
    return t("I have forgotten that photo.")


def original_gone(t: Translator) -> str:
    return t("The message with that photo is no longer in the chat.")


def here_it_is(t: Translator, photo: Photo) -> str:
    return t("Here it is, from {day}.", day=t.day(photo.created_ms))


def list_head(t: Translator, search: str, *, earlier: bool = False) -> str:
    """The head of a list by date; `earlier`: of a page of it that is not the first."""
    if search:
        return t("Photos: {what}", what=search)
    return t("Earlier photos:") if earlier else t("The latest photos:")


def empty_list(t: Translator, search: str) -> str:
    """That a list by date is empty."""
    return t("No photos: {what}", what=search)


def hits_head(t: Translator, search: str, first: int, count: int, total: int) -> str:
    """The head of a page of hits: of `total`, from the `first` on so many."""
    if count == total:
        return t.many("{n} photo: {what}", "{n} photos: {what}", total, what=search)
    return t(
        "Photos {first} to {last} of {total}: {what}",
        first=first,
        last=first + count - 1,
        total=total,
        what=search,
    )


def nothing(t: Translator, search: str, nearest: Photo | None, *, alike: bool = False) -> str:
    """That nothing was found; `alike`: among photos that are like one."""
    text = t("I have no photo like that one.") if alike else t("Nothing like that: {what}", what=search)
    if not nearest:
        return text
    return "\n".join([text, t("The closest I have:"), describe(t, nearest), t.day(nearest.created_ms)])


def page(_: Translator, head: str, captions: Sequence[str]) -> str:
    """The text above photos. Telegram's apps show no captions below an album, so they are listed here."""
    if len(captions) < 2:
        return head
    lines = (" · ".join(caption.split("\n")) for caption in captions)
    return "\n\n".join([head, *(truncate(line, MAX_LINE) for line in lines)])


def lost(t: Translator, n: int) -> str:
    return t.many(
        "Telegram no longer gives me {n} of these photos.",
        "Telegram no longer gives me {n} of these photos.",
        n,
    )


def photo_caption(
    t: Translator, photo: Photo, number: int = 0, hit: Hit | None = None, query: str = ""
) -> str:
    """The text below a photo: its caption, its day, why it was found. `number`: which of several it is."""
    why = [t.day(photo.created_ms), *([reason(t, hit, query)] if hit else [])]
    lines = [f"{t.number(number)}. {describe(t, photo)}" if number else describe(t, photo), " · ".join(why)]
    if hit and hit.copies:
        lines.append(t.many("and {n} more like it", "and {n} more like it", len(hit.copies)))
    return truncate("\n".join(lines), MAX_CAPTION)


def reason(t: Translator, hit: Hit, query: str) -> str:
    """Why a photo was found. A hit's words are English: shown only if the query contains them."""
    shared = [word for word in hit.words if word in query.casefold()]
    if shared:
        return t("has: {words}", words=", ".join(shared))
    return t("its caption fits") if hit.words else t("looks like it")


def describe(t: Translator, photo: Photo) -> str:
    """A photo's caption, and its owner's note."""
    caption = _caption(t, photo)
    return f"{caption}\n{t('Your note: {text}', text=photo.note)}" if photo.note else caption


def _caption(t: Translator, photo: Photo) -> str:
    """The owner's caption, else the model's: in the chat's language, if it has one."""
    if photo.correction:
        return t("Your caption: {text}", text=photo.correction)
    if not photo.caption:
        return t("No caption yet")
    same = code_of(photo.language or ENGLISH) == code_of(t.tag)
    return t(
        "AI caption: {text}",
        text=photo.localized_caption if same and photo.localized_caption else photo.caption,
    )


def caption_elsewhere(t: Translator, photo: Photo) -> str:
    """The text below a photo in another chat: without the note, which is private."""
    return truncate(_caption(t, photo), MAX_CAPTION) if photo.correction or photo.caption else ""


def describe_search(t: Translator, criteria: Find, name: str = "") -> str:
    """A search in words: '“red bicycle”, May 2026, from @ada'."""
    parts = [
        t("“{words}”", words=criteria.query) if criteria.query else "",
        t("similar ones") if criteria.like else "",
        period(t, criteria.since_ms, criteria.until_ms),
        t("from {name}", name=name) if name else "",
    ]
    return ", ".join(part for part in parts if part)


def period(t: Translator, since_ms: int, until_ms: int) -> str:
    """A time in words: 'May 2026', '2026', a day, from one day to another; '' for whenever."""
    if since_ms and until_ms:
        return _from_to(t, _at(since_ms), _at(until_ms))
    if since_ms:
        return t("since {day}", day=t.day(since_ms))
    return t("before {day}", day=t.day(until_ms)) if until_ms else ""


def _from_to(t: Translator, first: datetime, end: datetime) -> str:
    last = end - timedelta(days=1)
    if first == last:
        return t.day(int(first.timestamp()) * 1000)
    if (first.day, end.day) == (1, 1) and (last.year, last.month) == (first.year, first.month):
        return str(format_skeleton("yMMMM", first, locale=t.locale))
    if (first.month, first.day, end.month, end.day, end.year) == (1, 1, 1, 1, first.year + 1):
        return str(format_skeleton("y", first, locale=t.locale))
    return str(format_interval(first, last, "yMMMd", locale=t.locale))


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def more(t: Translator) -> str:
    """On a button: the next page."""
    return t("More")


def show(t: Translator, number: int) -> str:
    """On a button: show a photo where it was sent. `number`: which of several."""
    return t("Show {number} in the chat", number=number) if number else t("Show it in the chat")


def show_nearest(t: Translator) -> str:
    """On a button."""
    return t("Show it")


def open_chat(t: Translator) -> str:
    """On a button over inline results."""
    return t("Open the chat")


def no_worker(t: Translator) -> str:
    """On a button over inline results."""
    return t("No worker is running right now. Open the chat")
