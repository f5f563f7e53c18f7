"""Media other than photos and documents: their kinds, and their JSON in a message.

Length and duration are invented: nothing here plays or decodes the media.
"""

from pathlib import Path

from bot.sandbox import photos
from bot.sandbox.args import Json, bad_request
from bot.sandbox.files import Files, Kind

_STICKER: Json = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
_PLAYED: Json = {"width": 640, "height": 360, "duration": 3}

# The kind in a request -> the message's key, and the key's fields.
KINDS: dict[str, tuple[Kind, Json]] = {
    "sticker": ("sticker", _STICKER),
    "animated_sticker": ("sticker", {**_STICKER, "is_animated": True}),
    "video_sticker": ("sticker", {**_STICKER, "is_video": True}),
    "video": ("video", _PLAYED),
    "animation": ("animation", _PLAYED),
    "video_note": ("video_note", {"length": 240, "duration": 3}),
    "voice": ("voice", {"duration": 3}),
    "audio": ("audio", {"duration": 3}),
}
NAMED: dict[Kind, tuple[str, ...]] = {
    "sticker": (),
    "voice": ("mime_type",),
    "video_note": (),
}  # all others have name and type
BY_SUFFIX = {".tgs": "animated_sticker", ".mp4": "video", ".mov": "video", ".ogg": "voice", ".mp3": "audio"}


def kind_of(name: str) -> str:
    """The kind that Telegram's apps choose by a file's name; '' for a photo or a document."""
    return BY_SUFFIX.get(Path(name).suffix.lower(), "")


async def content(files: Files, kind: str, name: str, data: bytes) -> Json:
    """The message's content. Raises ApiError 400 for an unknown kind."""
    if kind not in KINDS:
        raise bad_request(f"unknown kind {kind}: there are {', '.join(KINDS)}")
    key, fields = KINDS[kind]
    size = dict(zip(("width", "height"), photos.dimensions(data), strict=False)) if kind == "sticker" else {}
    media = await files.add_media(
        key, name, data, {**fields, **size}, NAMED.get(key, ("file_name", "mime_type"))
    )
    # Telegram sends an animation as a document too, for old bots
    return {key: media, **({"document": media} if kind == "animation" else {})}
