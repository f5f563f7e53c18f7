"""Pictures on Telegram's servers: which messages have one, which size to take, and its bytes."""

from functools import reduce
from operator import or_
from typing import Final

from telegram import Bot, Document, Message, PhotoSize, Sticker, Update
from telegram.error import BadRequest, InvalidToken
from telegram.ext import filters

from bot.i18n.translator import N_
from vlm.errors import BadImage, NotFound, TooLarge
from vlm.ops.metrics import Metrics

MAX_MB: Final = 20  # bots may not fetch more
MAX_BYTES: Final = MAX_MB * 1024 * 1024

TOO_LARGE: Final = N_(
    "This file is larger than {most} MB, more than I can fetch. Send it as a photo instead."
)
EMPTY: Final = N_("This file is empty. Please send the picture again.")
GONE: Final = N_("Telegram no longer gives me that photo. Please send it again, then ask.")

# Phones send some of these without an image's MIME type.
IMAGE_FILES: Final = ("heic", "heif", "jpg", "jpeg", "png", "webp")

# Messages with a picture: a photo, an image sent as a file, a static sticker.
# Telegram reports an animation as a file, too.
IMAGE: Final = (
    reduce(
        or_,
        map(filters.Document.FileExtension, IMAGE_FILES),
        filters.PHOTO | filters.Document.IMAGE | filters.Sticker.STATIC,
    )
    & ~filters.ANIMATION
)


def has_picture(message: Message) -> bool:
    """Whether a message, old or new, has a picture."""
    return bool(IMAGE.check_update(Update(0, message=message)))


class TelegramFiles:
    """Pictures on Telegram's servers. `picture_px` is the model's input size."""

    def __init__(self, bot: Bot, *, picture_px: int = 224, metrics: Metrics | None = None) -> None:
        self._bot = bot
        self._picture_px = picture_px
        self._download_stage = (metrics or Metrics()).stage.labels("download")

    def picture_in(self, message: Message) -> PhotoSize | Document | Sticker:
        """The smallest size that is large enough for the model, or the file.

        Raises:  ValueError for a message without a picture.
        """
        sizes = sorted(message.photo, key=lambda size: size.width * size.height)
        enough = (size for size in sizes if min(size.width, size.height) >= self._picture_px)
        picture = next(enough, sizes[-1]) if sizes else message.document or message.sticker
        if picture is None:
            raise ValueError("a message without a picture")
        return picture

    async def fetch(self, file_id: str, size_bytes: int | None = None) -> bytes:
        """The file's bytes.

        Raises:  TooLarge, BadImage, NotFound if Telegram no longer has the file, or telegram's errors.
        """
        if (size_bytes or 0) > MAX_BYTES:
            raise TooLarge(TOO_LARGE, most=MAX_MB)
        with self._download_stage.time():
            return await self._download(file_id)

    async def _download(self, file_id: str) -> bytes:
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
