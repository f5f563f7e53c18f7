"""A question about a photo: find out which photo, and have it answered."""

from telegram import Message

from bot import replies
from bot.context import subject
from bot.handlers.photos import Photos
from bot.outbox import Outbox
from bot.pictures import Pictures, has_picture
from bot.presence import Presence
from vlm.client import Client, clean_question
from vlm.memory import Photo


class Questions:
    def __init__(
        self, client: Client, outbox: Outbox, pictures: Pictures, presence: Presence, photos: Photos
    ) -> None:
        self._client = client
        self._outbox = outbox
        self._pictures = pictures
        self._presence = presence
        self._photos = photos

    async def receive(self, message: Message) -> None:
        """Answer a text: with a question's placeholder, or with how to ask one."""
        photo = await self._subject(message)
        if photo:
            await self._ask(message, photo)
        else:
            how = replies.which_photo() if _points(message) else replies.photo_first()
            await self._outbox.say(message.chat_id, message.message_id, how)

    async def _ask(self, message: Message, photo: Photo) -> None:
        chat, cause, job = message.chat_id, message.message_id, f"{message.chat_id}-{message.message_id}"
        question = clean_question(message.text or "")
        memory = self._client.memory
        await memory.link(chat, cause, photo.id)
        self._presence.start(chat, job)
        has_worker = bool(await self._client.models())
        if placeholder := await self._outbox.open(chat, cause, replies.thinking(has_worker)):
            await memory.link(chat, placeholder, photo.id)
        # the worker keeps what it saw of a photo for some days; after that it must look again
        alive = await memory.tokens_alive(chat, photo.id)
        await self._client.ask(
            job=job,
            chat=chat,
            photo=photo.id,
            question=question,
            picture=None if alive else await self._pictures.fetch(photo.file_id),
            turns=await memory.turns(chat, photo.id),
            ticket=str(cause),
        )

    async def _subject(self, message: Message) -> Photo | None:
        target = message.reply_to_message
        if target is None and _points(message):
            return None
        photo = await subject(self._client.memory, message.chat_id, target.message_id if target else None)
        if photo is None and target and has_picture(target):
            return await self._photos.remember(target)  # a photo from before the bot's time
        return photo


def _points(message: Message) -> bool:
    """Whether it is a reply: to something here, in another chat, or to a story."""
    return bool(message.reply_to_message or message.external_reply or message.reply_to_story)
