"""Small copies of pictures, to stand inside a page."""

import base64
import io
from pathlib import Path
from typing import Final

from vlm.errors import AfterimageError
from vlm.images.opening import read_picture
from vlm.worker.decoder_pool import open_own_picture

SIDE_PX: Final = 360
JPEG_QUALITY: Final = 78


def thumbnail(path: str, side_px: int = SIDE_PX) -> str:
    """The picture as a data URI, no side longer than `side_px`; '' where it cannot be read any more."""
    try:
        picture = open_own_picture(read_picture(Path(path)))
    except AfterimageError:
        return ""
    picture.thumbnail((side_px, side_px))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
