"""Puts the photos that messages bring into the chat's memory."""

from telegram import Document, Message, PhotoSize, Sticker

from bot.i18n.question_detection import note_in
from bot.state.reply_target import place_of
from bot.talk import Talk
from bot.transport.telegram_files import picture_in
from vlm.memory import Photo
from vlm.memory.photos import Kind
from vlm.queue.client import Client


class PhotoStore:
    """`picture_px` is the model's input size."""

    def __init__(self, client: Client, *, picture_px: int) -> None:
        self._client = client
        self._picture_px = picture_px

    async def put(self, talk: Talk) -> Photo:
        """The message's photo, from now on in the chat's memory, with what its owner wrote to it."""
        message = talk.message
        picture = self.picture(message)
        photo = Photo(
            id=str(message.message_id),
            file_id=picture.file_id,
            file_unique_id=picture.file_unique_id,
            kind=_kind(picture),
            sender=message.from_user.id if message.from_user else 0,
            sender_name=_name(message),
            # Telegram's times are whole seconds: within one, the ids tell which photo came later
            created_ms=int(message.date.timestamp()) * 1000 + message.message_id % 1000,
            topic=place_of(message).thread,
            arrival_us=talk.arrival_us,
            note=note_in(talk.words, talk.t.tag),
        )
        await self._client.memory.remember(message.chat_id, photo)
        return photo

    def picture(self, message: Message) -> PhotoSize | Document | Sticker:
        """What to fetch of a message that has a picture."""
        picture = picture_in(message, self._picture_px)
        if picture is None:
            raise ValueError("a message without a picture came to a handler of photos")
        return picture


def _kind(picture: PhotoSize | Document | Sticker) -> Kind:
    match picture:
        case PhotoSize():
            return "photo"
        case Sticker():
            return "sticker"
    return "document"


def _name(message: Message) -> str:
    """What its sender is called, '@ada' among it."""
    who = message.from_user
    return f"{who.full_name} {who.name}" if who and who.username else who.full_name if who else ""
