"""A photo, or an image sent as a file: remember it, and have it captioned."""

import asyncio

from telegram import Document, Message, PhotoSize, User

from bot.outbox import Outbox
from bot.pictures import Pictures, picture_in
from bot.place import Place
from bot.presence import Presence
from bot.replies import photos as said
from bot.talk import Talk
from bot.tasks import end
from bot.tongue import Tongue
from vlm.client import Client
from vlm.memory import Photo
from vlm.protocol import Answered, Result


class Photos:
    """`picture_px` is the model's input size."""

    def __init__(
        self, client: Client, outbox: Outbox, pictures: Pictures, presence: Presence, *, picture_px: int
    ) -> None:
        self._client = client
        self._outbox = outbox
        self._pictures = pictures
        self._presence = presence
        self._picture_px = picture_px

    async def receive(self, talk: Talk) -> None:
        """Placeholder and download, then the job. Its answer comes by `deliver`."""
        place = talk.place
        photo = await self.remember(talk.message)  # first: the next question is about it, come what may
        self._presence.start(place.chat, place.job)
        picture = self.picture(talk.message)
        fetching = asyncio.create_task(self._pictures.fetch(picture.file_id, picture.file_size))
        try:
            await self._open(talk, photo)  # to its end: a refusal of the picture takes its place
            data = await fetching
        finally:
            await end(fetching)
        await self._client.caption(
            job=place.job, chat=place.chat, photo=photo.id, picture=data, ticket=place.ticket
        )

    async def deliver(self, result: Result, answered: Answered, place: Place, tongue: Tongue) -> None:
        """Show a caption."""
        message = await self._outbox.say(place, said.caption(tongue, answered.text))
        if result.photo:
            await self._client.memory.link(place.chat, message, result.photo)

    async def _open(self, talk: Talk, photo: Photo) -> None:
        has_worker = bool(await self._client.models())
        if placeholder := await self._outbox.open(talk.place, said.looking(talk.tongue, has_worker)):
            await self._client.memory.link(talk.chat, placeholder, photo.id)

    async def remember(self, message: Message) -> Photo:
        """The message's photo, from now on in the chat's memory."""
        picture = self.picture(message)
        photo = Photo(
            id=str(message.message_id),
            file_id=picture.file_id,
            file_unique_id=picture.file_unique_id,
            kind="photo" if isinstance(picture, PhotoSize) else "document",
            sender_name=_names(message.from_user),
            sender=message.from_user.id if message.from_user else 0,
            # Telegram's times are whole seconds: within one, the ids tell which photo came later
            created_ms=int(message.date.timestamp()) * 1000 + message.message_id % 1000,
        )
        await self._client.memory.remember(message.chat_id, photo)
        return photo

    def picture(self, message: Message) -> PhotoSize | Document:
        """What to fetch of a message that has a picture."""
        picture = picture_in(message, self._picture_px)
        if picture is None:
            raise ValueError("a message without a picture came to the photo handler")
        return picture


def _names(user: User | None) -> str:
    """What somebody may be called: 'Ada Byron @ada'."""
    return f"{user.full_name} {f'@{user.username}' if user.username else ''}".strip() if user else ""
