"""What is said of photos that are looked for, found, or not."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from babel.dates import format_interval, format_skeleton

from bot.i18n.translator import Tongue
from bot.replies.length import fitted
from vlm.memory import Photo
from vlm.protocol import Find, Hit
from vlm.text.languages import ENGLISH, code_of

MAX_CAPTION: Final = 1024  # of a photo, in UTF-16 code units
MAX_LINE: Final = 300  # of a photo's words in a list


def looking(_: Tongue, has_worker: bool) -> str:
    if has_worker:
        return _("Looking through your photos …")
    return _("Your search is in line. No worker is running right now; I will answer here when one is back.")


def how(_: Tongue) -> str:
    examples = [_("/find red bicycle"), _("/find cats last week"), _("/find in May")]
    return "\n".join(
        [
            _("Write after /find what to look for, for example:"),
            *examples,
            _("Or reply to a photo with /find: I look for similar ones."),
        ]
    )


def empty(_: Tongue) -> str:
    return _("I know no photos of this chat yet. Send me some first, then look for them.")


def which_photo(_: Tongue) -> str:
    return _(
        "I do not know which photo that message is about. Reply to the photo itself, or say what to find."
    )


def too_old(_: Tongue) -> str:
    return _("I no longer know what this search was. Please send the command again.")


def here_already(_: Tongue) -> str:
    return _("That page is here already.")


def forgotten(_: Tongue) -> str:
    return _("I have forgotten that photo.")


def original_gone(_: Tongue) -> str:
    return _("The message with that photo is no longer in the chat.")


def here_it_is(_: Tongue, photo: Photo) -> str:
    return _("Here it is, from {day}.", day=_.day(photo.created_ms))


def listed(_: Tongue, what: str, *, earlier: bool = False) -> str:
    """The head of a list by date; `earlier`: of a page of it that is not the first."""
    if what:
        return _("Photos: {what}", what=what)
    return _("Earlier photos:") if earlier else _("The latest photos:")


def none_listed(_: Tongue, what: str) -> str:
    """That a list by date is empty."""
    return _("No photos: {what}", what=what)


def found(_: Tongue, what: str, first: int, count: int, total: int) -> str:
    """The head of a page of hits: of `total`, from the `first` on so many."""
    if count == total:
        return _.many("{n} photo: {what}", "{n} photos: {what}", total, what=what)
    return _(
        "Photos {first} to {last} of {total}: {what}",
        first=first,
        last=first + count - 1,
        total=total,
        what=what,
    )


def nothing(_: Tongue, what: str, nearest: Photo | None, *, alike: bool = False) -> str:
    """That nothing was found; `alike`: among photos that are like one."""
    said = _("I have no photo that is like that one.") if alike else _("Nothing like that: {what}", what=what)
    if not nearest:
        return said
    return "\n".join([said, _("The nearest I have:"), words_of(_, nearest), _.day(nearest.created_ms)])


def page(_: Tongue, head: str, captions: Sequence[str]) -> str:
    """What is said above photos. Telegram's apps show no captions under an album, so they are listed here."""
    if len(captions) < 2:
        return head
    lines = (" · ".join(caption.split("\n")) for caption in captions)
    return "\n\n".join([head, *(fitted(line, MAX_LINE) for line in lines)])


def lost(_: Tongue, n: int) -> str:
    return _.many(
        "Telegram no longer gives me {n} of these photos.",
        "Telegram no longer gives me {n} of these photos.",
        n,
    )


def below(_: Tongue, photo: Photo, number: int = 0, hit: Hit | None = None, query: str = "") -> str:
    """What stands below a photo: its words, its day, why it was found. `number`: which of several it is."""
    why = [_.day(photo.created_ms), *([reason(_, hit, query)] if hit else [])]
    lines = [f"{_.number(number)}. {words_of(_, photo)}" if number else words_of(_, photo), " · ".join(why)]
    if hit and hit.copies:
        lines.append(_.many("and {n} more like it", "and {n} more like it", len(hit.copies)))
    return fitted("\n".join(lines), MAX_CAPTION)


def reason(_: Tongue, hit: Hit, query: str) -> str:
    """Why it was found. A query's words are English: said only where they are what somebody wrote."""
    shared = [word for word in hit.words if word in query.casefold()]
    if shared:
        return _("has: {words}", words=", ".join(shared))
    return _("its caption fits") if hit.words else _("looks like it")


def words_of(_: Tongue, photo: Photo) -> str:
    """What is said of a photo, and its owner's note."""
    said = _words(_, photo)
    return f"{said}\n{_('Your note: {text}', text=photo.note)}" if photo.note else said


def _words(_: Tongue, photo: Photo) -> str:
    """The owner's words, else the model's: in the chat's language, if it has them so."""
    if photo.corrected:
        return _("Your caption: {text}", text=photo.corrected)
    if not photo.caption:
        return _("No caption yet")
    same = code_of(photo.language or ENGLISH) == code_of(_.tag)
    return _("AI caption: {text}", text=photo.shown if same and photo.shown else photo.caption)


def sent_on(_: Tongue, photo: Photo) -> str:
    """What stands below a photo in another chat: no notes, they are its owner's."""
    return fitted(_words(_, photo), MAX_CAPTION) if photo.corrected or photo.caption else ""


def what(_: Tongue, wanted: Find, name: str = "") -> str:
    """What is looked for: '“red bicycle”, May 2026, from @ada'."""
    parts = [
        _("“{words}”", words=wanted.query) if wanted.query else "",
        _("similar ones") if wanted.like else "",
        period(_, wanted.since_ms, wanted.until_ms),
        _("from {name}", name=name) if name else "",
    ]
    return ", ".join(part for part in parts if part)


def period(_: Tongue, since_ms: int, until_ms: int) -> str:
    """A time in words: 'May 2026', '2026', a day, from one day to another; '' for whenever."""
    if since_ms and until_ms:
        return _from_to(_, _at(since_ms), _at(until_ms))
    if since_ms:
        return _("since {day}", day=_.day(since_ms))
    return _("before {day}", day=_.day(until_ms)) if until_ms else ""


def _from_to(_: Tongue, first: datetime, end: datetime) -> str:
    last = end - timedelta(days=1)
    if first == last:
        return _.day(int(first.timestamp()) * 1000)
    if (first.day, end.day) == (1, 1) and (last.year, last.month) == (first.year, first.month):
        return str(format_skeleton("yMMMM", first, locale=_.locale))
    if (first.month, first.day, end.month, end.day, end.year) == (1, 1, 1, 1, first.year + 1):
        return str(format_skeleton("y", first, locale=_.locale))
    return str(format_interval(first, last, "yMMMd", locale=_.locale))


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def more(_: Tongue) -> str:
    """On a button: the next page."""
    return _("More")


def show(_: Tongue, number: int) -> str:
    """On a button: show a photo where it was sent. `number`: which of several."""
    return _("Show {number} in the chat", number=number) if number else _("Show it in the chat")


def show_nearest(_: Tongue) -> str:
    """On a button."""
    return _("Show it")


def open_chat(_: Tongue) -> str:
    """On a button over inline results."""
    return _("Open the chat")


def no_worker(_: Tongue) -> str:
    """On a button over inline results."""
    return _("No worker is running right now. Open the chat")
