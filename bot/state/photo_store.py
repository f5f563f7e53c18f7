"""The photo record of a message."""

from telegram import Document, Message, PhotoSize, Sticker

from bot.state.reply_target import target_of_message
from vlm.memory import Memory, Photo
from vlm.memory.photos import Kind

Picture = PhotoSize | Document | Sticker


class PhotoStore:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def save(self, message: Message, picture: Picture, *, note: str = "", arrival_us: int = 0) -> Photo:
        """Keep the photo of a message in its chat's memory. `note`: the text that was sent with it."""
        sender = message.from_user
        photo = Photo(
            id=str(message.message_id),
            file_id=picture.file_id,
            file_unique_id=picture.file_unique_id,
            kind=_kind(picture),
            sender=sender.id if sender else 0,
            sender_name=_sender_name(message),
            # Telegram's times are whole seconds: within one, the ids tell which photo came later
            created_ms=int(message.date.timestamp()) * 1000 + message.message_id % 1000,
            topic=target_of_message(message).thread,
            arrival_us=arrival_us,
            note=note,
        )
        await self._memory.remember(message.chat_id, photo)
        return photo


def _kind(picture: Picture) -> Kind:
    match picture:
        case PhotoSize():
            return "photo"
        case Sticker():
            return "sticker"
    return "document"


def _sender_name(message: Message) -> str:
    """The sender's full name, and the '@ada' of those who have one."""
    sender = message.from_user
    if sender is None:
        return ""
    return f"{sender.full_name} {sender.name}" if sender.username else sender.full_name
