"""Sends photos of the memory again by their `file_id`, without an upload.

A reply to one of them is about that photo. An album holds one kind, so photos and files are two albums.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from telegram import Bot, InputMediaDocument, InputMediaPhoto, Message, ReplyParameters
from telegram.error import BadRequest

from bot.state.reply_target import ReplyTarget, ShownAlbum, ShownPhoto
from bot.transport.outbox import Outbox, SendMessages
from vlm.memory import Memory, Photo


class CaptionedPhoto(NamedTuple):
    """A photo and the text below it, 1024 characters at most. `number`: its number in a list; 0: no
    list."""

    photo: Photo
    caption: str
    number: int = 0


class PhotoSender:
    def __init__(self, bot: Bot, outbox: Outbox, memory: Memory) -> None:
        self._bot = bot
        self._outbox = outbox
        self._memory = memory

    async def send_photos(
        self, target: ReplyTarget, photos: Sequence[CaptionedPhoto]
    ) -> list[CaptionedPhoto]:
        """Send photos, unless they were sent to this target. Returns those that Telegram refuses.

        Raises telegram's errors, except for those that mean that it refuses a file.
        """
        refused: list[CaptionedPhoto] = []
        images = [item for item in photos if item.photo.kind == "photo"]
        refused += await self._send_album(target.with_key(ShownAlbum(target.key, "photo")), images)
        files = [item for item in photos if item.photo.kind == "document"]
        refused += await self._send_album(target.with_key(ShownAlbum(target.key, "document")), files)
        stickers = [item for item in photos if item.photo.kind == "sticker"]
        return refused + await self._send_singly(target, stickers)

    async def point_to(self, target: ReplyTarget, photo: Photo, text: str) -> bool:
        """Reply with `text` to the message that brought a photo. False: the message is no longer there."""

        async def send(_: dict[str, Any]) -> Sequence[Message]:
            reply = ReplyParameters(int(photo.id))  # in whichever topic of a forum
            message = await self._bot.send_message(target.chat, text, reply_parameters=reply)
            return await self._linked(target.chat, [message], [CaptionedPhoto(photo, "")])

        if not photo.id.isdecimal():  # from before the group became a supergroup
            return False
        try:
            await self._outbox.send_once(target, send)
        except BadRequest as error:
            if "replied" not in str(error).lower():
                raise
            return False
        return True

    async def _send_album(
        self, target: ReplyTarget, photos: Sequence[CaptionedPhoto]
    ) -> list[CaptionedPhoto]:
        if len(photos) < 2:
            return await self._send_singly(target, photos)

        async def send(address: dict[str, Any]) -> Sequence[Message]:
            media = [_media(item) for item in photos]
            messages = await self._bot.send_media_group(media=media, **address)
            return await self._linked(target.chat, messages, photos)

        try:
            await self._outbox.send_once(target, send)
        except BadRequest:  # of one of them, and Telegram does not say of which
            return await self._send_singly(target, photos)
        return []

    async def _send_singly(
        self, target: ReplyTarget, photos: Sequence[CaptionedPhoto]
    ) -> list[CaptionedPhoto]:
        refused = []
        for item in photos:
            key = ShownPhoto(target.key, item.photo.id)
            try:
                await self._outbox.send_once(target.with_key(key), self._sender(target.chat, item))
            except BadRequest:
                refused.append(item)
        return refused

    def _sender(self, chat: int, item: CaptionedPhoto) -> SendMessages:
        async def send(address: dict[str, Any]) -> Sequence[Message]:
            file, caption = item.photo.file_id, item.caption
            match item.photo.kind:
                case "photo":
                    message = await self._bot.send_photo(photo=file, caption=caption, **address)
                case "document":
                    message = await self._bot.send_document(document=file, caption=caption, **address)
                case "sticker":  # without a caption
                    message = await self._bot.send_sticker(sticker=file, **address)
            return await self._linked(chat, [message], [item])

        return send

    async def _linked(
        self, chat: int, messages: Sequence[Message], photos: Sequence[CaptionedPhoto]
    ) -> Sequence[Message]:
        for message, item in zip(messages, photos, strict=True):
            await self._memory.link(chat, message.message_id, item.photo.id)
        return messages


def _media(item: CaptionedPhoto) -> InputMediaPhoto | InputMediaDocument:
    if item.photo.kind == "photo":
        return InputMediaPhoto(item.photo.file_id, caption=item.caption)
    return InputMediaDocument(item.photo.file_id, caption=item.caption)
