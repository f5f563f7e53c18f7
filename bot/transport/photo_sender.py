"""Photos of the memory, shown again: by the `file_id` that Telegram knows them by, never uploaded.

What replies to one of them is about that photo. An album holds one kind, so photos and files are two albums.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from telegram import Bot, InputMediaDocument, InputMediaPhoto, Message, ReplyParameters
from telegram.error import BadRequest

from bot.state.reply_target import Place
from bot.transport.outbox import Outbox, Send
from vlm.memory import Memory, Photo

MEDIA: Final = {"photo": InputMediaPhoto, "document": InputMediaDocument}


class Shown(NamedTuple):
    """A photo and what stands below it, 1024 characters at most. `number`: which of several it is."""

    photo: Photo
    caption: str
    number: int = 0


class PhotoSender:
    def __init__(self, bot: Bot, outbox: Outbox, memory: Memory) -> None:
        self._bot = bot
        self._outbox = outbox
        self._memory = memory

    async def show(self, place: Place, pictures: Sequence[Shown]) -> list[Shown]:
        """Send them, unless they were sent for this cause. Those that Telegram does not take are returned.

        Raises telegram's errors, except for those that mean that it does not take a file.
        """
        lost: list[Shown] = []
        for kind in MEDIA:
            album = place.because(f"{place.cause}-{kind}s")
            lost += await self._together(album, [one for one in pictures if one.photo.kind == kind])
        return lost + await self._alone(place, [one for one in pictures if one.photo.kind not in MEDIA])

    async def point(self, place: Place, photo: Photo, text: str) -> bool:
        """Reply with `text` to the message that brought a photo. False: it is no longer in the chat."""

        async def send(_: dict[str, Any]) -> Sequence[Message]:
            reply = ReplyParameters(int(photo.id))  # wherever in a forum that is
            sent = await self._bot.send_message(place.chat, text, reply_parameters=reply)
            return await self._linked(place, [sent], [Shown(photo, "")])

        if not photo.id.isdecimal():  # from before the group became a supergroup
            return False
        try:
            await self._outbox.once(place, send)
        except BadRequest as error:
            if "replied" not in str(error).lower():
                raise
            return False
        return True

    async def _together(self, place: Place, pictures: Sequence[Shown]) -> list[Shown]:
        if len(pictures) < 2:
            return await self._alone(place, pictures)

        async def send(address: dict[str, Any]) -> Sequence[Message]:
            media = [MEDIA[one.photo.kind](one.photo.file_id, caption=one.caption) for one in pictures]
            return await self._linked(
                place, await self._bot.send_media_group(media=media, **address), pictures
            )

        try:
            await self._outbox.once(place, send)
        except BadRequest:  # for one of them, and Telegram does not say for which
            return await self._alone(place, pictures)
        return []

    async def _alone(self, place: Place, pictures: Sequence[Shown]) -> list[Shown]:
        lost = []
        for one in pictures:
            try:
                await self._outbox.once(
                    place.because(f"{place.cause}-{one.photo.id}"), self._sender(place, one)
                )
            except BadRequest:
                lost.append(one)
        return lost

    def _sender(self, place: Place, one: Shown) -> Send:
        async def send(address: dict[str, Any]) -> Sequence[Message]:
            file, caption = one.photo.file_id, one.caption
            match one.photo.kind:
                case "photo":
                    sent = await self._bot.send_photo(photo=file, caption=caption, **address)
                case "document":
                    sent = await self._bot.send_document(document=file, caption=caption, **address)
                case "sticker":  # which bears no words
                    sent = await self._bot.send_sticker(sticker=file, **address)
            return await self._linked(place, [sent], [one])

        return send

    async def _linked(
        self, place: Place, sent: Sequence[Message], pictures: Sequence[Shown]
    ) -> Sequence[Message]:
        for message, one in zip(sent, pictures, strict=True):
            await self._memory.link(place.chat, message.message_id, one.photo.id)
        return sent
