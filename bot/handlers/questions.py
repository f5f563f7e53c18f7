"""A question about a photo: find out which photo, and have it answered."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace
from telegram import ForceReply, Message

from bot.handlers.albums import Albums
from bot.i18n.album_selection import ALL, picked, without_number
from bot.i18n.translator import Translator
from bot.replies import questions as said
from bot.replies.photos import gone, still_english
from bot.state.photo_store import PhotoStore
from bot.state.reply_target import Place, replied
from bot.state.subject import subject
from bot.talk import Talk
from bot.transport.outbox import Outbox
from bot.transport.telegram_files import TelegramFiles, has_picture
from bot.transport.typing_indicator import TypingIndicator
from vlm.memory import Photo
from vlm.protocol import Answered, Ask, Result
from vlm.queue.client import Client, clean_question

HINT_CHARS = 64  # of the words in an empty field: Telegram's limit


class Questions:
    def __init__(
        self,
        client: Client,
        outbox: Outbox,
        pictures: TelegramFiles,
        presence: TypingIndicator,
        shelf: PhotoStore,
        albums: Albums,
    ) -> None:
        self._client = client
        self._outbox = outbox
        self._pictures = pictures
        self._presence = presence
        self._shelf = shelf
        self._albums = albums

    async def receive(self, talk: Talk) -> None:
        """Answer a text: with a question's placeholder, or with how to ask one."""
        target = replied(talk.message)
        if target and (cause := await self._albums.shown_in(talk.chat, target.message_id)):
            await self._among(talk, cause)
        elif photo := await self._subject(talk):
            if target is None and (cause := await self._album_meant(talk, photo)):
                await self._among(talk, cause)
            else:
                await self._put(talk, talk.words, photo)
        else:
            how = said.which_photo if _points(talk.message) else said.photo_first
            await self._outbox.say(talk.place, how(talk.t))

    async def ask(self, talk: Talk) -> None:
        """/ask QUESTION; without a question, invite one."""
        if talk.words or not (photo := await self._subject(talk)):
            await self.receive(talk)
        else:
            await self._invite(talk, photo)

    async def edited(self, talk: Talk) -> None:
        """A question was worded anew, so its answer is too. What was never answered stays so."""
        old = await self._outbox.said(talk.place)
        id = await self._client.memory.photo_of(talk.chat, talk.message.message_id)
        if old and id and (photo := await self._client.memory.get(talk.chat, id)):
            await self.put_again(photo, talk.words, talk, old)
        elif old:
            await self.receive(talk)

    async def put(self, photo: Photo, question: str, place: Place, t: Translator) -> None:
        """Have a question about a photo answered in a place: its placeholder now, the answer by `deliver`.

        Raises:  BadRequest, TooLarge, QueueFull, Unavailable, each with a sentence for the user.
        """
        question, memory = clean_question(question), self._client.memory
        self._presence.start(place.chat, place.job, place.thread)
        has_worker = bool(await self._client.models())
        waiting = said.thinking(t, has_worker, _repeated(place, question))
        if placeholder := await self._outbox.open(place, waiting):
            await memory.link(place.chat, placeholder, photo.id)
        # the worker keeps what it saw of a photo for some days; after that it must look again
        alive = await memory.tokens_alive(place.chat, photo.id)
        await self._client.ask(
            job=place.job,
            chat=place.chat,
            photo=photo.id,
            question=question,
            picture=None if alive else await self._pictures.fetch(photo.file_id),
            turns=await memory.turns(place.chat, photo.id),
            language=t.tag,
            correlation_data=place.correlation_data,
        )

    async def put_again(self, photo: Photo, question: str, talk: Talk, answer: int) -> None:
        """Have an edited message's question answered in place of our earlier `answer`."""
        when = talk.message.edit_date
        edition = f"{talk.place.cause}-edited-{when.timestamp() if when else 0:.0f}"
        place = talk.place.because(edition)
        await self._outbox.take(place, answer, said.thinking(talk.t, True))
        await self.put(photo, question, place, talk.t)

    async def deliver(self, result: Result, answered: Answered, place: Place, t: Translator) -> None:
        """Show an answer."""
        question = result.task.question if isinstance(result.task, Ask) else ""
        text = said.answer(t, answered.shown or answered.text, _repeated(place, question))
        if answered.fell_back and await self._outbox.first(place, f"english-not-{t.tag}"):
            text = f"{text}\n{still_english(t)}"
        message = await self._outbox.say(place, text)
        if result.photo:
            await self._client.memory.link(place.chat, message, result.photo)

    async def _among(self, talk: Talk, cause: str) -> None:
        """A question about one of several photos, or about all of them."""
        photos = await self._albums.photos(talk.chat, cause)
        number = picked(talk.t, talk.words, max(photos, default=0))
        if number is None and len(photos) == 1:
            number = max(photos)
        if not photos:
            await self._outbox.say(talk.place, said.which_photo(talk.t))
        elif number == ALL:
            await self._albums.ask_all(photos.values(), talk.words, talk.place, talk.t)
        elif number in photos:
            await self._put(talk, without_number(talk.words), photos[number])
        elif number:  # it was forgotten; the others keep their numbers
            await self._outbox.say(talk.place, gone(talk.t))
        else:
            await self._albums.offer(talk, cause, photos)

    async def _album_meant(self, talk: Talk, latest: Photo) -> str:
        """The cause of the album that `latest` came in, if the question names one of its pictures, or all."""
        cause = await self._albums.around(talk.chat, latest.id)
        photos = await self._albums.photos(talk.chat, cause) if cause else {}
        number = picked(talk.t, talk.words, max(photos, default=0))
        return cause if photos and number is not None else ""

    async def _put(self, talk: Talk, question: str, photo: Photo) -> None:
        clean_question(question)  # before anything else: what is refused is about no photo
        await self._client.memory.link(talk.chat, talk.message.message_id, photo.id)
        await self.put(photo, question, _below(talk, photo), talk.t)

    async def _invite(self, talk: Talk, photo: Photo) -> None:
        async def send(address: dict[str, Any]) -> Sequence[Message]:
            hint = said.your_question(talk.t)[:HINT_CHARS]
            field = ForceReply(selective=talk.chat < 0, input_field_placeholder=hint)
            bot = talk.message.get_bot()
            return [await bot.send_message(text=said.how_to_ask(talk.t), reply_markup=field, **address)]

        await self._outbox.once(_below(talk, photo), send)
        if invitation := await self._outbox.said(talk.place):
            await self._client.memory.link(talk.chat, invitation, photo.id)

    async def _subject(self, talk: Talk) -> Photo | None:
        message, target = talk.message, replied(talk.message)
        if target is None and _points(message):
            return None
        # in a group everybody has photos of their own, in a forum each topic has its own
        sender = talk.person or None if talk.chat < 0 else None
        topic = talk.place.thread if message.chat.is_forum else None
        reply_to = target.message_id if target else None
        found = await subject(self._client.memory, talk.chat, reply_to, sender, topic)
        if found is None and target and has_picture(target):
            return await self._shelf.put(talk._replace(message=target))  # a photo from before the bot's time
        return found


def _below(talk: Talk, photo: Photo) -> Place:
    """Where to answer: below the photo, if the message replies to nothing: it is seen which one is meant."""
    if _points(talk.message) or not photo.id.isdecimal():
        return talk.place
    return replace(talk.place, reply_to=int(photo.id))


def _repeated(place: Place, question: str) -> str:
    """The question, where its answer does not stand right below it."""
    return "" if place.cause.split("-")[0] == str(place.reply_to) else question


def _points(message: Message) -> bool:
    """Whether it is a reply: to something here, in another chat, or to a story."""
    return bool(replied(message) or message.external_reply or message.reply_to_story)
