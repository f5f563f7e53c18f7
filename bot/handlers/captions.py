"""The buttons under a caption. Each names its photo, which is looked up in the chat of the press."""

from telegram import InlineKeyboardMarkup

from bot.access.admins import ChatAdmins
from bot.handlers.albums import Albums
from bot.handlers.photos import AGAIN, Photos
from bot.handlers.questions import Questions
from bot.i18n.translator import FROM_RIGHT
from bot.replies import photos as said
from bot.replies import questions as answers
from bot.replies.keyboards import to_confirm, under_caption
from bot.replies.start import old_button
from bot.replies.suggested_questions import question
from bot.talk import Press
from bot.transport.outbox import Outbox
from bot.transport.typing_indicator import TypingIndicator
from vlm.memory import Photo
from vlm.protocol import Style
from vlm.queue.client import Client


class Captions:
    def __init__(
        self,
        client: Client,
        outbox: Outbox,
        presence: TypingIndicator,
        members: ChatAdmins,
        photos: Photos,
        questions: Questions,
        albums: Albums,
    ) -> None:
        self._client = client
        self._outbox = outbox
        self._presence = presence
        self._members = members
        self._photos = photos
        self._questions = questions
        self._albums = albums

    async def ask(self, press: Press) -> None:
        """A suggested question. Pressed again, it is not asked again: the answer stands below."""
        id, _colon, key = press.asked.partition(":")
        photo, words = await self._photo(press, id), question(press.t, key).replace(FROM_RIGHT, "")
        if photo is None:
            return
        if not words:  # a button of another version, or a forged one
            await press.answer(old_button(press.t))
            return
        place = press.place.because(f"{key.replace(' ', '_')}-{press.message.message_id}")
        known = await self._outbox.said(place)
        await press.answer((answers.answered_above if known else answers.thinking_of_it)(press.t))
        await self._questions.put(photo, words, place, press.t)

    async def detail(self, press: Press) -> None:
        await self._caption_again(press, "detailed")

    async def another(self, press: Press) -> None:
        await self._caption_again(press, press.wishes.style)

    async def english(self, press: Press) -> None:
        """Show the English original below."""
        if photo := await self._photo(press, press.asked):
            await press.answer()
            text = said.caption(press.t, photo.shown, note=photo.note, in_english=photo.caption)
            buttons = under_caption(press.t, photo, in_english=True)
            await self._outbox.edit(press.chat, press.message.message_id, text, buttons)

    async def delete(self, press: Press) -> None:
        """Ask whether it is meant."""
        if (photo := await self._photo(press, press.asked)) and await self._may_delete(press, photo):
            await press.answer(said.sure(press.t))
            await self._rebutton(press, to_confirm(press.t, photo.id))

    async def keep(self, press: Press) -> None:
        """It was not: the buttons as they were."""
        if photo := await self._photo(press, press.asked):
            await press.answer()
            await self._rebutton(press, under_caption(press.t, photo))

    async def really(self, press: Press) -> None:
        """Forget the photo, and take the caption out of the chat."""
        photo = await self._client.memory.get(press.chat, press.asked)
        if photo and not await self._may_delete(press, photo):
            return
        if photo:
            await self._albums.without(press.chat, photo.id, press.t)
            await self._client.memory.forget(press.chat, photo.id)
        await press.answer(said.deleted(press.t), alert=True)
        await self._outbox.remove(press.chat, press.message.message_id, said.deleted(press.t))

    async def _caption_again(self, press: Press, style: Style) -> None:
        """Other words for the photo. They come by `Photos.deliver`."""
        photo = await self._photo(press, press.asked)
        if photo is None:
            return
        await press.answer(said.looking_again(press.t))
        place = press.place.because(f"{AGAIN}-{press.query.id}")
        self._presence.start(place.chat, place.job, place.thread)
        await self._client.caption(
            job=place.job,
            chat=place.chat,
            photo=photo.id,
            style=style,
            other_than=list(dict.fromkeys([*photo.given.splitlines(), photo.caption])),
            language=press.t.tag,
            correlation_data=place.correlation_data,
        )

    async def _rebutton(self, press: Press, buttons: InlineKeyboardMarkup) -> None:
        await self._outbox.edit(press.chat, press.message.message_id, press.message.text or "", buttons)

    async def _photo(self, press: Press, id: str) -> Photo | None:
        """The photo that a button names. Says so, where it is known no more."""
        photo = await self._client.memory.get(press.chat, id)
        if photo is None:
            await press.answer(said.gone(press.t), alert=True)
        return photo

    async def _may_delete(self, press: Press, photo: Photo) -> bool:
        """Whether who pressed sent it, or decides for the chat. Says so, where they may not."""
        if press.person == photo.sender or await self._members.is_admin(press):
            return True
        await press.answer(said.not_yours(press.t), alert=True)
        return False
