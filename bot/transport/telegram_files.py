"""A picture on Telegram's side: which of its sizes to take, and its bytes."""

from functools import reduce
from operator import or_
from typing import Final

from telegram import Bot, Document, Message, PhotoSize, Sticker, Update
from telegram.error import BadRequest, InvalidToken
from telegram.ext import filters

from bot.i18n.translator import N_
from vlm.errors import BadImage, NotFound, TooLarge
from vlm.ops.metrics import Metrics

MAX_MB: Final = 20  # no bot may fetch more
MAX_BYTES: Final = MAX_MB * 1024 * 1024

TOO_LARGE: Final = N_(
    "This file is larger than {most} MB, more than I can fetch. Send it as a photo instead."
)
EMPTY: Final = N_("This file is empty. Please send the picture again.")
GONE: Final = N_("Telegram no longer gives me that photo. Please send it again, then ask.")

# Phones send some of these with no type that says 'image'.
IMAGE_FILES: Final = ("heic", "heif", "jpg", "jpeg", "png", "webp")

# The messages that bring a picture: a photo, an image sent as a file, a sticker that does not move.
# Telegram tells of an animation as a file, too.
IMAGE: Final = (
    reduce(
        or_,
        map(filters.Document.FileExtension, IMAGE_FILES),
        filters.PHOTO | filters.Document.IMAGE | filters.Sticker.STATIC,
    )
    & ~filters.ANIMATION
)


def has_picture(message: Message) -> bool:
    """Whether a message, old or new, brings a picture."""
    return bool(IMAGE.check_update(Update(0, message=message)))


def picture_in(message: Message, px: int) -> PhotoSize | Document | Sticker | None:
    """What to fetch: the smallest size that loses nothing for a model of `px` × `px` pixels, or the file."""
    sizes = sorted(message.photo, key=lambda size: size.width * size.height)
    if sizes:
        return next((size for size in sizes if min(size.width, size.height) >= px), sizes[-1])
    return message.document or message.sticker


class TelegramFiles:
    def __init__(self, bot: Bot, metrics: Metrics | None = None) -> None:
        self._bot = bot
        self._download = (metrics or Metrics()).stage.labels("download")

    async def fetch(self, file_id: str, size_bytes: int | None = None) -> bytes:
        """The file's bytes. Raises TooLarge, BadImage, NotFound if Telegram has it no more, or telegram's."""
        if (size_bytes or 0) > MAX_BYTES:
            raise TooLarge(TOO_LARGE, most=MAX_MB)
        with self._download.time():
            return await self._fetched(file_id)

    async def _fetched(self, file_id: str) -> bytes:
        try:
            file = await self._bot.get_file(file_id)
        except BadRequest as error:
            if "too big" in str(error).lower():
                raise TooLarge(TOO_LARGE, most=MAX_MB) from error
            raise NotFound(GONE) from error
        try:
            data = bytes(await file.download_as_bytearray())
        except (BadRequest, InvalidToken) as error:  # the latter is how the library reads a 404
            raise NotFound(GONE) from error
        if not data:
            raise BadImage(EMPTY)
        return data
