"""Buttons under messages. What a press brings back is `verb` or `verb:asked`: see `bot.app`.

under a caption    q:PHOTO:KEY (see `bot.replies.suggested_questions`)
                   detail:PHOTO   another:PHOTO
                   english:PHOTO  edit:PHOTO
                   delete:PHOTO   →  really:PHOTO   keep:PHOTO
under 'which one'  pick:PHOTO     pickall:CAUSE (see `bot.state.album_store`)
"""

from collections.abc import Mapping, Sequence
from typing import Final

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.i18n.translator import Translator
from bot.replies import albums
from bot.replies import photos as said
from bot.replies.suggested_questions import question, suggested
from vlm.memory import Photo

ASK: Final = "q"
DETAIL: Final = "detail"
ANOTHER: Final = "another"
IN_ENGLISH: Final = "english"
EDIT: Final = "edit"
DELETE: Final = "delete"
REALLY: Final = "really"
KEEP: Final = "keep"
PICK: Final = "pick"
PICK_ALL: Final = "pickall"
PICKS_ACROSS: Final = 5


def button(label: str, verb: str, asked: str = "") -> InlineKeyboardButton:
    """One button. `verb:asked` has at most 64 bytes."""
    return InlineKeyboardButton(label, callback_data=f"{verb}:{asked}" if asked else verb)


def keyboard(buttons: Sequence[InlineKeyboardButton], across: int = 1) -> InlineKeyboardMarkup:
    """Buttons in rows of so many."""
    rows = [buttons[start : start + across] for start in range(0, len(buttons), across)]
    return InlineKeyboardMarkup(rows)


def under_caption(t: Translator, photo: Photo, *, in_english: bool = False) -> InlineKeyboardMarkup:
    """What can be done with a captioned photo. `in_english`: its English original is shown already."""
    asks = [
        button(question(t, key), ASK, f"{photo.id}:{key}")
        for key in suggested(photo.correction or photo.caption)
    ]
    words = [
        button(said.more_detail(t), DETAIL, photo.id),
        button(said.another_wording(t), ANOTHER, photo.id),
    ]
    last = [button(said.correct_it(t), EDIT, photo.id), button(said.delete(t), DELETE, photo.id)]
    if photo.localized_caption not in ("", photo.caption) and not in_english:
        words.append(button(said.show_english(t), IN_ENGLISH, photo.id))
    models = [] if photo.correction else [words]
    return InlineKeyboardMarkup([*([ask] for ask in asks), *models, last])


def to_confirm(t: Translator, photo: str) -> InlineKeyboardMarkup:
    """In their place, before a photo is deleted."""
    return keyboard([button(said.really_delete(t), REALLY, photo), button(said.keep(t), KEEP, photo)])


def to_pick(t: Translator, photos: Mapping[int, str], cause: str) -> InlineKeyboardMarkup:
    """Which photo of a list a question is about, by the numbers that they have there."""
    one_by_one = [button(t.number(number), PICK, photo) for number, photo in photos.items()]
    return InlineKeyboardMarkup(
        [
            *keyboard(one_by_one, PICKS_ACROSS).inline_keyboard,
            [button(albums.all_of_them(t), PICK_ALL, cause)],
        ]
    )
