"""A photo, or an image sent as a file: remember it, have it captioned, and ask what was asked with it."""

import asyncio
from typing import Final

from msgspec.structs import replace

from bot.handlers.albums import Albums
from bot.handlers.questions import Questions
from bot.i18n.question_detection import is_question, note_in
from bot.i18n.translator import Translator
from bot.replies import photos as said
from bot.replies.keyboards import under_caption
from bot.replies.privacy import caption_forgotten
from bot.state.photo_store import PhotoStore
from bot.state.reply_target import Place
from bot.talk import Talk
from bot.transport.outbox import Outbox
from bot.transport.telegram_files import TelegramFiles
from bot.transport.typing_indicator import TypingIndicator
from vlm.memory import Photo
from vlm.protocol import Answered, Caption, Result
from vlm.queue.client import Client
from vlm.queue.tasks import cancel_all

AGAIN: Final = "again"  # a cause that begins so wants other words for a photo that has a caption


class Photos:
    def __init__(
        self,
        client: Client,
        outbox: Outbox,
        pictures: TelegramFiles,
        presence: TypingIndicator,
        shelf: PhotoStore,
        questions: Questions,
        albums: Albums,
    ) -> None:
        self._client = client
        self._outbox = outbox
        self._pictures = pictures
        self._presence = presence
        self._shelf = shelf
        self._questions = questions
        self._albums = albums

    async def receive(self, talk: Talk) -> None:
        """Placeholder and download, then the job. Its answer comes by `deliver`."""
        if talk.message.media_group_id and talk.place.cause == str(talk.message.message_id):
            await self._albums.receive(talk)
            return
        photo = await self._shelf.put(talk)  # first: the next question is about it, come what may
        self._presence.start(talk.chat, talk.place.job, talk.place.thread)
        picture = self._shelf.picture(talk.message)
        fetching = asyncio.create_task(self._pictures.fetch(picture.file_id, picture.file_size))
        try:
            await self._open(talk, photo)  # to its end: a refusal of the picture takes its place
            data = await fetching
        finally:
            await cancel_all(fetching)
        await self._submit(talk, photo, data)

    async def edited(self, talk: Talk) -> None:
        """The words under a photo were changed: another question, or another note."""
        photo = await self._client.memory.get(talk.chat, str(talk.message.message_id))
        if photo is None:
            return
        note = note_in(talk.words, talk.t.tag)
        await self._client.memory.annotate(talk.chat, photo.id, note)
        if is_question(talk.words, talk.t.tag):
            await self._ask_anew(talk, photo)
        elif photo.caption and await self._outbox.said(talk.place):
            await self.show(talk.place, replace(photo, note=note), talk.t)

    async def deliver(self, result: Result, answered: Answered, place: Place, t: Translator) -> None:
        """Show a caption, or that there is no other; then ask what was asked with the photo."""
        photo = await self._client.memory.get(result.chat, result.photo or "")
        if photo is None:  # it was forgotten meanwhile
            await self._outbox.say(place, said.gone(t))
            return
        if place.cause.startswith(AGAIN) and isinstance(result.task, Caption):
            if answered.text in result.task.other_than:
                await self._outbox.say(place, said.no_other(t))
                return
            given = [*result.task.other_than, answered.text]
            await self._client.memory.reworded(result.chat, photo.id, given)
            await self._outbox.take(place, place.reply_to)  # in place of the old words
        photo = replace(photo, caption=answered.text, shown=answered.shown)
        await self.show(place, photo, t, fell_back=answered.fell_back)
        if place.then_ask:
            await self._questions.put(photo, place.then_ask, _asked(place), t)

    async def show(self, place: Place, photo: Photo, t: Translator, *, fell_back: bool = False) -> None:
        """Say a photo's caption, its buttons under it."""
        stays = fell_back and await self._outbox.first(place, f"english-not-{t.tag}")
        text = said.caption(
            t,
            photo.corrected or photo.shown or photo.caption,
            note=photo.note,
            stayed_english=stays and not photo.corrected,
            is_owners=bool(photo.corrected),
        )
        message = await self._outbox.say(place, text, under_caption(t, photo))
        if not await self._client.memory.link(place.chat, message, photo.id):  # forgotten while it was said
            await self._outbox.remove(place.chat, message, caption_forgotten(t))

    async def _ask_anew(self, talk: Talk, photo: Photo) -> None:
        asked = talk._replace(place=_asked(talk.place))
        if answer := await self._outbox.said(asked.place):
            await self._questions.put_again(photo, talk.words, asked, answer)
        else:
            await self._questions.put(photo, talk.words, asked.place, talk.t)

    async def _open(self, talk: Talk, photo: Photo) -> None:
        has_worker = bool(await self._client.models())
        if placeholder := await self._outbox.open(talk.place, said.looking(talk.t, has_worker)):
            await self._client.memory.link(talk.chat, placeholder, photo.id)

    async def _submit(self, talk: Talk, photo: Photo, picture: bytes) -> None:
        question = talk.words if is_question(talk.words, talk.t.tag) else ""
        place = replace(talk.place, then_ask=question)
        await self._client.caption(
            job=place.job,
            chat=place.chat,
            photo=photo.id,
            picture=picture,
            style=talk.wishes.style,
            language=talk.t.tag,
            correlation_data=place.correlation_data,
        )


def _asked(place: Place) -> Place:
    """Where the question that came with a photo is answered: below the photo, beside its caption."""
    return replace(place, cause=f"{place.cause}-asked", then_ask="")
