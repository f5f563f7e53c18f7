"""Untrusted bytes to an RGB picture, with every limit.

A picture is refused, never repaired: each error says in one polite sentence what is wrong and what to do.

    TooLarge      over 20 MB, over 25 megapixels, or a side over 16,000 pixels
    Unsupported   an animation: GIF, WebP or PNG
    BadImage      not a picture, cut short, damaged, or too small to see anything in

Size and format are checked from the header, before anything is decoded.
Not handled: colour profiles (a wide-gamut photo looks a little paler), the other pictures of a HEIC burst.
"""

import warnings
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import ExifTags, Image, UnidentifiedImageError
from PIL.ImageFile import ImageFile

from vlm.errors import AfterimageError, BadImage, BadRequest, NotFound, TooLarge, Unsupported

MAX_BYTES: Final = 20 * 1024 * 1024  # what Telegram lets a bot download
MAX_MEGAPIXELS: Final = 25
MAX_PIXELS: Final = MAX_MEGAPIXELS * 1_000_000
MAX_SIDE_PX: Final = 16_000
MIN_SIDE_PX: Final = 8
ENOUGH_PX: Final = 1024  # a JPEG may be decoded at a half, a quarter or an eighth, but no side below this

HeicDecoder = Callable[[bytes, int], bytes]  # a HEIC file, and the most pixels it may have, to a PPM

FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF")  # and HEIC, by pi-heif
ANIMATED: Final = {"GIF", "WEBP", "PNG"}  # further frames of a JPEG or HEIC are depth maps and bursts
HEIC_BRANDS: Final = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}

UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

NOT_A_PICTURE: Final = "This is not a picture that I can read; please use a JPEG, PNG, WebP, GIF or HEIC."
DAMAGED: Final = "This picture is damaged or cut short; please try it again, or try another copy of it."
MOVES: Final = "I can only look at still pictures, and this one moves; please use a single frame of it."
TOO_HEAVY: Final = "This file is larger than {most} MB; please use a smaller copy of it."
TOO_MANY_PIXELS: Final = (
    "This picture has far too many pixels, and I can take {most} megapixels; please use a smaller copy of it."
)
TOO_FINE: Final = (
    "This picture has {found} megapixels, and I can take {most}; please use a smaller copy of it."
)
TOO_LONG: Final = (
    "This picture is {width} × {height} pixels, and I can take {most} a side;"
    " please crop it or use a smaller copy."
)
TOO_SMALL: Final = (
    "This picture is only {width} × {height} pixels; please use one of at least {least} × {least}."
)


def open_picture(data: bytes, heic: HeicDecoder | None = None) -> Image.Image:
    """The picture in `data`: RGB, turned upright, transparency on white, without any metadata.

    A JPEG of more than twice 1,024 pixels a side is decoded at a fraction of its size; nothing else is
    resized.

    heic     decodes a HEIC file; None: HEIC is refused. Crafted HEIC files crash the process that decodes
             them, so only a decoder child passes one (`vlm.worker.decoder`).
    Raises:  TooLarge, Unsupported, BadImage, and nothing else, whatever the bytes are.
    """
    if len(data) > MAX_BYTES:
        raise TooLarge(TOO_HEAVY, most=MAX_BYTES >> 20)
    # Decoders' warnings are of no use here. Filters are global: decode in one thread at a time.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = _decoded(data, heic)
            return _upright(_on_white(image), _orientation(image))
        except AfterimageError:
            raise
        except Exception as error:  # broken bytes make decoders raise anything at all
            raise BadImage(DAMAGED) from error


def is_heic(data: bytes) -> bool:
    """Whether the bytes begin as a HEIC file does."""
    return data[4:8] == b"ftyp" and data[8:12] in HEIC_BRANDS


def read_picture(path: Path) -> bytes:
    """The bytes of the file at `path`, at most one more than the limit.

    Raises:  NotFound, Unsupported for a folder, BadRequest for a file that may not be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise NotFound("There is no such file; please check its name.") from None
    except IsADirectoryError:
        raise Unsupported("This is a folder; please name the pictures in it.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a file name"
        raise BadRequest(
            "This file cannot be read ({reason}); please check its permissions.", reason=reason
        ) from error


def _decoded(data: bytes, heic: HeicDecoder | None) -> ImageFile:
    image = _header(data, heic)
    _refuse_unfit(image)
    # Draft mode exists only for JPEG: a 24-megapixel photo decodes in a third of the time.
    image.draft(None, (ENOUGH_PX, ENOUGH_PX))
    image.load()
    _refuse_unfit(image)  # some headers lie
    return image


def _header(data: bytes, heic: HeicDecoder | None) -> ImageFile:
    if heic is not None and is_heic(data):
        return Image.open(BytesIO(heic(data, MAX_PIXELS)), formats=("PPM",))
    try:
        return Image.open(BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise TooLarge(TOO_MANY_PIXELS, most=MAX_MEGAPIXELS) from error
    except UnidentifiedImageError as error:
        raise BadImage(NOT_A_PICTURE) from error


def _refuse_unfit(image: ImageFile) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise TooLarge(TOO_FINE, found=f"{width * height / 1e6:.1f}", most=MAX_MEGAPIXELS)
    if max(width, height) > MAX_SIDE_PX:
        raise TooLarge(TOO_LONG, width=width, height=height, most=MAX_SIDE_PX)
    if min(width, height) < MIN_SIDE_PX:
        raise BadImage(TOO_SMALL, width=width, height=height, least=MIN_SIDE_PX)
    if image.format in ANIMATED and getattr(image, "is_animated", False):
        raise Unsupported(MOVES)


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16-bit grey, which convert() would clip instead of scaling
        image = image.convert("I").point(lambda level: level * (1 / 257)).convert("L")
        image.info = {}
    page = Image.new("RGB", image.size, "white")  # a new image: metadata, GPS included, stays behind
    if image.has_transparency_data:
        image = image.convert("RGBA")
        page.paste(image, mask=image)
    else:
        page.paste(image.convert("RGB"))
    return page


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # noqa: BLE001 - a picture with broken EXIF is still a picture
        return 1


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    return image.transpose(UPRIGHT[orientation]) if orientation in UPRIGHT else image
