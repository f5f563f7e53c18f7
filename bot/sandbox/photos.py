"""The sizes that a photo is kept in, as at Telegram: JPEG, upright, without metadata, never upscaled."""

import io
from dataclasses import dataclass

from PIL import Image, ImageOps

SIDES_PX = {"s": 90, "m": 320, "x": 800, "y": 1280}  # longest side
MAX_SIDES_PX = 10_000  # width + height
MAX_RATIO = 20
QUALITY = 87


class NotAPhotoError(Exception):
    """The bytes cannot be sent as a photo; the text is Telegram's code for why."""


@dataclass(frozen=True, slots=True)
class Size:
    letter: str
    width: int
    height: int
    data: bytes


def sizes(data: bytes) -> list[Size]:
    """Smallest first; the last is the largest that the picture fills. Raises NotAPhotoError."""
    picture = _opened(data)
    made = []
    for letter, side_px in SIDES_PX.items():
        made.append(_size(picture, letter, side_px))
        if max(picture.size) <= side_px:
            break
    return made


def thumbnail(data: bytes) -> Size | None:
    """A small preview of a document that is a picture; None for all others."""
    try:
        return _size(_opened(data), "m", SIDES_PX["m"])
    except NotAPhotoError:
        return None


def _opened(data: bytes) -> Image.Image:
    try:
        picture = Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP", "GIF", "BMP"))
        width, height = picture.size
        if width + height > MAX_SIDES_PX or max(width, height) > MAX_RATIO * min(width, height):
            raise NotAPhotoError("PHOTO_INVALID_DIMENSIONS")  # before anything is decoded
        return _flat(ImageOps.exif_transpose(picture))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise NotAPhotoError("IMAGE_PROCESS_FAILED") from error


def _flat(picture: Image.Image) -> Image.Image:
    """RGB, with white where the picture was transparent."""
    if picture.mode.startswith("I"):  # 16 bit a pixel: keep the high byte
        return picture.point(lambda value: value / 256).convert("L").convert("RGB")
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layered = picture.convert("RGBA")
    ground = Image.new("RGBA", layered.size, "white")
    return Image.alpha_composite(ground, layered).convert("RGB")


def _size(picture: Image.Image, letter: str, side_px: int) -> Size:
    scaled = picture.copy()
    scaled.thumbnail((side_px, side_px), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    scaled.save(out, "JPEG", quality=QUALITY)
    return Size(letter, scaled.width, scaled.height, out.getvalue())
