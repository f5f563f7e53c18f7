"""Several pictures answered together: an album's captions, and a question about all of them.

The first picture opens the one message; each result changes it. Nothing waits in this process: what is known
is in `bot.state.album_store` and in the chat's memory, so any bot can go on where another was ended.
"""

import asyncio
from collections.abc import Collection, Mapping

from msgspec.structs import replace
from redis.exceptions import RedisError

from bot.i18n.question_detection import is_question
from bot.i18n.translator import Translator
from bot.replies import albums as said
from bot.replies import questions
from bot.replies.albums import Line
from bot.replies.errors import refusal
from bot.replies.keyboards import to_pick
from bot.state.album_store import ALBUM, ALL, DONE, AlbumStore, Item
from bot.state.photo_store import PhotoStore
from bot.state.reply_target import Place
from bot.talk import Talk
from bot.transport.outbox import Outbox
from bot.transport.telegram_files import TelegramFiles
from bot.transport.typing_indicator import TypingIndicator
from vlm.errors import BadRequest, Unavailable
from vlm.memory import Photo
from vlm.protocol import Ask, Result, Task
from vlm.queue.client import Client, clean_question


class Albums:
    def __init__(
        self,
        client: Client,
        outbox: Outbox,
        pictures: TelegramFiles,
        presence: TypingIndicator,
        shelf: PhotoStore,
        lists: AlbumStore,
    ) -> None:
        self._client = client
        self._outbox = outbox
        self._pictures = pictures
        self._presence = presence
        self._shelf = shelf
        self._lists = lists

    async def receive(self, talk: Talk) -> None:
        """One picture of an album. Why it is refused stands with its number."""
        photo = await self._shelf.put(talk)
        place = talk.place.because(f"{ALBUM}-{talk.message.media_group_id}")
        await self._lists.add(place, photo.id)
        items = await self._lists.items(place.chat, place.cause)
        first = place.cause if items[0].photo == photo.id else ""  # one line for all: before any is captioned
        self._presence.start(place.chat, talk.place.job, place.thread, first)
        await self._outbox.open(place, said.looking(talk.t, bool(await self._client.models())))
        try:
            await self._submit(talk, place, photo)
        except (BadRequest, Unavailable) as error:
            if isinstance(error.__cause__, RedisError):  # nothing was refused: it can be done later
                raise
            await self._settle(place, photo.id, refusal(talk.t, error), talk.t, at_once=True)

    async def ask_all(self, photos: Collection[Photo], question: str, place: Place, t: Translator) -> None:
        """Have a question answered about each of some photos, in one numbered message."""
        question = clean_question(question)
        place = replace(place, cause=f"{ALL}-{place.cause}", then_ask="")
        for photo in photos:
            await self._lists.add(place, photo.id)
        has_worker = bool(await self._client.models())
        await self._outbox.open(place, questions.thinking(t, has_worker, question))
        for photo in photos:
            try:
                await self._ask(photo, question, place, t)
            except (BadRequest, Unavailable) as error:
                if isinstance(error.__cause__, RedisError):
                    raise
                await self._settle(place, photo.id, refusal(t, error), t, question, at_once=True)

    async def quiet(self, place: Place) -> None:
        """Return when no more pictures of an album are to be expected."""
        await asyncio.sleep(await self._lists.quiet_in_s(place))

    async def deliver(self, result: Result, place: Place, t: Translator, refused: str = "") -> None:
        """A result of one picture; `refused` says why there is none. Then ask what the album came with."""
        outcome = refused or f"{DONE}{result.job}"
        await self._settle(place, result.photo or "", outcome, t, _question(result.task))
        if place.then_ask:
            photos = await self.photos(place.chat, place.cause)
            await self.ask_all(photos.values(), place.then_ask, replace(place, then_ask=""), t)

    async def without(self, chat: int, photo: str, t: Translator) -> None:
        """Take the line of a photo that is being forgotten out of our messages. The numbers stay."""
        for cause in await self._lists.causes_of(chat, photo):
            if message := await self._lists.message_of(chat, cause):
                text = await self._text(chat, cause, t, await self._asked(chat, cause), but=photo)
                await self._outbox.edit(chat, message, text)

    async def shown_in(self, chat: int, message: int) -> str:
        """The cause of the list that our message shows; '' if it shows none."""
        return await self._lists.shown_in(chat, message)

    async def around(self, chat: int, photo: str) -> str:
        """The cause of the album that a photo came in; '' if it came alone."""
        causes = await self._lists.causes_of(chat, photo)
        return next((cause for cause in causes if cause.startswith(f"{ALBUM}-")), "")

    async def photos(self, chat: int, cause: str) -> dict[int, Photo]:
        """The photos of a list that are still known, by their numbers, in order."""
        items, memory = await self._lists.items(chat, cause), self._client.memory
        return {one.number: photo for one in items if (photo := await memory.get(chat, one.photo))}

    async def offer(self, talk: Talk, cause: str, photos: Mapping[int, Photo]) -> None:
        """Ask which of the photos a question is about."""
        buttons = to_pick(talk.t, {number: photo.id for number, photo in photos.items()}, cause)
        await self._outbox.say(talk.place, said.which_one(talk.t), buttons)

    async def _submit(self, talk: Talk, place: Place, photo: Photo) -> None:
        picture = self._shelf.picture(talk.message)
        asked = talk.words if is_question(talk.words, talk.t.tag) else ""
        await self._client.caption(
            job=talk.place.job,
            chat=place.chat,
            photo=photo.id,
            picture=await self._pictures.fetch(picture.file_id, picture.file_size),
            style=talk.wishes.style,
            language=talk.t.tag,
            correlation_data=replace(place, then_ask=asked).correlation_data,
            lane="bulk",  # whoever sends a single photo meanwhile does not wait for ten
        )

    async def _ask(self, photo: Photo, question: str, place: Place, t: Translator) -> None:
        alive = await self._client.memory.tokens_alive(place.chat, photo.id)
        await self._client.ask(
            job=f"{place.job}-{photo.id}",
            chat=place.chat,
            photo=photo.id,
            question=question,
            picture=None if alive else await self._pictures.fetch(photo.file_id),
            language=t.tag,
            correlation_data=place.correlation_data,
            lane="bulk",
        )

    async def _settle(
        self,
        place: Place,
        photo: str,
        outcome: str,
        t: Translator,
        question: str = "",
        *,
        at_once: bool = False,
    ) -> None:
        """Note what became of a picture, and show all that is known.

        What comes fast is shown together, unless `at_once`: where nothing may come after it for long.
        """
        await self._lists.settle(place, photo, outcome)
        items = await self._lists.items(place.chat, place.cause)
        if not items:  # the chat was forgotten a moment ago
            return
        settled = [item for item in items if item.outcome]
        if len(settled) < len(items) and not (at_once or await self._lists.is_due(place)):
            return
        message = await self._outbox.say(place, await self._text(place.chat, place.cause, t, question))
        await self._lists.note(place, message)

    async def _text(self, chat: int, cause: str, t: Translator, question: str, but: str = "") -> str:
        """All that is known of a list by now, `but` for one of its photos."""
        items = [item for item in await self._lists.items(chat, cause) if item.photo != but]
        settled = [item for item in items if item.outcome]
        lines = [line for item in settled if (line := await self._line(chat, item, question))]
        total = len(items) - len(settled) + len(lines)
        if not lines:
            return said.nothing_left(t)
        if question:
            return said.answers(t, question, lines, total)
        return said.captions(t, lines, total, await self._note(chat, cause))

    async def _asked(self, chat: int, cause: str) -> str:
        """The question that a list answers, which is kept with the answers; '' of captions."""
        items = await self._lists.items(chat, cause) if cause.startswith(f"{ALL}-") else []
        told = [await self._client.memory.told(chat, item.photo, item.job) for item in items if item.job]
        return next((one.asked or one.question for one in told if one), "")

    async def _line(self, chat: int, item: Item, question: str) -> Line | None:
        """What is said of a picture; None if it was forgotten."""
        if not item.job:
            return Line(item.number, item.outcome, is_refusal=True)
        if question:
            told = await self._client.memory.told(chat, item.photo, item.job)
            return Line(item.number, told.shown or told.answer) if told else None
        photo = await self._client.memory.get(chat, item.photo)
        return Line(item.number, photo.corrected or photo.shown or photo.caption) if photo else None

    async def _note(self, chat: int, cause: str) -> str:
        """The album's note: what was written with one of its photos is about all of them."""
        photos = await self.photos(chat, cause)
        notes = {photo.note for photo in photos.values() if photo.note}
        if len(notes) != 1:
            return ""
        for photo in photos.values():
            if not photo.note:
                await self._client.memory.annotate(chat, photo.id, *notes)
        return notes.pop()


def _question(task: Task) -> str:
    return task.question if isinstance(task, Ask) else ""
