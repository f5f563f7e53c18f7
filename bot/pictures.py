"""A picture on Telegram's side: which of its sizes to take, and its bytes."""

from typing import Final

from telegram import Bot, Document, Message, PhotoSize
from telegram.error import BadRequest, InvalidToken

from bot import replies
from vlm.errors import BadImage, NotFound, TooLarge

MAX_MB: Final = 20  # no bot may fetch more
MAX_BYTES: Final = MAX_MB * 1024 * 1024


def picture_in(message: Message, px: int) -> PhotoSize | Document | None:
    """What to fetch: the smallest size that loses nothing for a model of `px` × `px` pixels, or the file."""
    sizes = sorted(message.photo, key=lambda size: size.width * size.height)
    if sizes:
        return next((size for size in sizes if min(size.width, size.height) >= px), sizes[-1])
    return message.document


class Pictures:
    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def fetch(self, file_id: str, size_bytes: int | None = None) -> bytes:
        """The file's bytes. Raises TooLarge, BadImage, NotFound if Telegram has it no more, or telegram's."""
        if (size_bytes or 0) > MAX_BYTES:
            raise TooLarge(replies.too_large(MAX_MB))
        try:
            file = await self._bot.get_file(file_id)
            data = bytes(await file.download_as_bytearray())
        except BadRequest as error:
            if "too big" in str(error).lower():
                raise TooLarge(replies.too_large(MAX_MB)) from error
            raise NotFound(replies.photo_gone()) from error
        except InvalidToken as error:  # how the library reads a 404 for the file
            raise NotFound(replies.photo_gone()) from error
        if not data:
            raise BadImage(replies.empty_file())
        return data
