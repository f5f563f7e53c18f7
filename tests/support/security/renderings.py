"""Every message that contains foreign text: a model's, a note, a name, a question, a query."""

from collections.abc import Iterator
from typing import Any, Final

from telegram import InlineKeyboardMarkup, User

from bot.handlers.caption_edit import mention_in
from bot.handlers.inline import inline_results
from bot.i18n.translator import CATALOGS, Translator, translator_for
from bot.replies import albums, find, photos, privacy, questions, start
from bot.replies.albums import AlbumLine
from bot.replies.layout import truncate
from bot.replies.status import refusal
from vlm.errors import NotFound
from vlm.memory import Photo
from vlm.protocol import Find, Hit, ModelInfo

Json = dict[str, Any]
TRANSLATORS: Final = [translator_for(code) for code in CATALOGS]
AT_MS: Final = 1_790_000_000_000


def calls(n: int, model: str, person: str) -> Iterator[Json]:
    """Arguments of Bot API calls, with a model's words and a person's. `n` chooses the language and more."""
    t = TRANSLATORS[n % len(TRANSLATORS)]
    photo = Photo(
        id=f"g{10**11 + n}",
        file_id="AgAC",
        kind="document" if n % 5 == 0 else "photo",
        created_ms=AT_MS,
        caption=model,
        localized_caption=model[::-1] if n % 2 else "",
        language=t.tag,
        correction=person if n % 3 == 0 else "",
        note=person if n % 4 else "",
        sender_name=person,
    )
    yield from _captions(t, photo, person)
    yield from _search_results(t, photo, person)
    yield _text(questions.answer(t, model, person))
    yield _text(questions.thinking(t, True, person))
    yield _text(refusal(t, NotFound("I know no photos from {name} in this chat.", name=person)))
    yield _text(start.unknown_command(t, person))
    yield _text(start.who_answers(t, [ModelInfo(name=person, revision="1", knows=model)]))
    yield _prompt(t, person)
    yield {"results": [result.to_dict() for result in inline_results(t, [photo])]}


def _text(text: str, buttons: InlineKeyboardMarkup | None = None) -> Json:
    """As `Outbox.send` sends it."""
    return {"text": truncate(text), **({"reply_markup": buttons.to_dict()} if buttons else {})}


def _captions(t: Translator, photo: Photo, person: str) -> Iterator[Json]:
    text = photos.caption(
        t, photo.correction or photo.caption, note=photo.note, in_english=photo.caption, stayed_english=True
    )
    yield _text(text, photos.caption_buttons(t, photo))
    yield _text(text, photos.delete_buttons(t, photo.id))
    lines = [AlbumLine(1, photo.caption), AlbumLine(2, person), AlbumLine(3, person, is_refusal=True)]
    yield _text(albums.captions(t, lines, 3, person))
    yield _text(
        albums.answers(t, person, lines, 4),
        albums.pick_buttons(t, {1: photo.id, 10: photo.id}, "album-" + "9" * 19),
    )
    for key in photos.suggestions(photo.caption):
        yield _text(photos.suggested_question(t, key))


def _search_results(t: Translator, photo: Photo, person: str) -> Iterator[Json]:
    hit = Hit(photo=photo.id, score=0.9, words=tuple(person.casefold().split()[:3]), copies=("1", "2"))
    below = find.photo_caption(t, photo, 3, hit, person)
    yield {"caption": below}
    criteria = Find(query=person, since_ms=AT_MS, sender=1)
    search = find.describe_search(t, criteria, person)
    yield _text(find.page(t, find.hits_head(t, search, 1, 2, 7), [below, below]))
    yield _text(find.nothing(t, search, photo))
    yield _text(find.empty_list(t, search))


def _prompt(t: Translator, person: str) -> Json:
    """As `caption_edit` asks for a caption. Telegram has whole characters in a name, and none is empty."""
    name = truncate(person, 64).strip()
    if not name:
        return _text(privacy.new_words(t))
    text = privacy.new_words(t, name)
    marks = [mark.to_dict() for mark in mention_in(text, User(1, name, False))]
    return {**_text(text), "entities": marks}
