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
    smaller = [letter for letter, side_px in SIDES_PX.items() if side_px < max(picture.size)]
    results: list[Size] = []
    for letter in reversed(list(SIDES_PX)[: len(smaller) + 1]):  # each from the one above it
        picture = _scaled(picture, SIDES_PX[letter])
        results.insert(0, _size(picture, letter))
    return results


def thumbnail(data: bytes) -> Size | None:
    """A small preview of a document that is a picture; None for all others."""
    try:
        return _size(_scaled(_opened(data), SIDES_PX["m"]), "m")
    except NotAPhotoError:
        return None


def dimensions(data: bytes) -> tuple[int, ...]:
    """Width and height; nothing if it is no picture."""
    try:
        return _opened(data).size
    except NotAPhotoError:
        return ()


def _opened(data: bytes) -> Image.Image:
    try:
        picture = Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP", "GIF", "BMP"))
        width, height = picture.size
        if width + height > MAX_SIDES_PX or max(width, height) > MAX_RATIO * min(width, height):
            raise NotAPhotoError("PHOTO_INVALID_DIMENSIONS")  # before anything is decoded
        picture.draft(None, (SIDES_PX["y"],) * 2)  # a large JPEG is decoded at a half or a quarter
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


def _scaled(picture: Image.Image, side_px: int) -> Image.Image:
    scaled = picture.copy()
    scaled.thumbnail((side_px, side_px), Image.Resampling.LANCZOS, reducing_gap=3)
    return scaled


def _size(picture: Image.Image, letter: str) -> Size:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY)
    return Size(letter, picture.width, picture.height, out.getvalue())
