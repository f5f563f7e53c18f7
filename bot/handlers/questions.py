"""A question about a photo: find out which photo, and have it answered."""

from telegram import Message

from bot.context import subject
from bot.handlers.photos import Photos
from bot.outbox import Outbox
from bot.pictures import Pictures, has_picture
from bot.place import Place, replied
from bot.presence import Presence
from bot.replies import questions as said
from bot.talk import Talk
from bot.tongue import Tongue
from vlm.client import Client, clean_question
from vlm.memory import Photo
from vlm.protocol import Answered, Result


class Questions:
    def __init__(
        self, client: Client, outbox: Outbox, pictures: Pictures, presence: Presence, photos: Photos
    ) -> None:
        self._client = client
        self._outbox = outbox
        self._pictures = pictures
        self._presence = presence
        self._photos = photos

    async def receive(self, talk: Talk) -> None:
        """Answer a text: with a question's placeholder, or with how to ask one."""
        photo = await self._subject(talk.message)
        if photo:
            await self._ask(talk, photo)
        else:
            how = said.which_photo if _points(talk.message) else said.photo_first
            await self._outbox.say(talk.place, how(talk.tongue))

    async def deliver(self, result: Result, answered: Answered, place: Place, tongue: Tongue) -> None:
        """Show an answer."""
        message = await self._outbox.say(place, said.answer(tongue, answered.text))
        if result.photo:
            await self._client.memory.link(place.chat, message, result.photo)

    async def _ask(self, talk: Talk, photo: Photo) -> None:
        place, memory = talk.place, self._client.memory
        question = clean_question(talk.words)
        await memory.link(place.chat, talk.message.message_id, photo.id)
        self._presence.start(place.chat, place.job)
        has_worker = bool(await self._client.models())
        if placeholder := await self._outbox.open(place, said.thinking(talk.tongue, has_worker)):
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
            ticket=place.ticket,
        )

    async def _subject(self, message: Message) -> Photo | None:
        target = replied(message)
        if target is None and _points(message):
            return None
        photo = await subject(self._client.memory, message.chat_id, target.message_id if target else None)
        if photo is None and target and has_picture(target):
            return await self._photos.remember(target)  # a photo from before the bot's time
        return photo


def _points(message: Message) -> bool:
    """Whether it is a reply: to something here, in another chat, or to a story."""
    return bool(replied(message) or message.external_reply or message.reply_to_story)
