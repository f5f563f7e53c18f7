"""Media that are neither photo nor plain document: which there are, and what a message says of each.

What is said of length and duration is made up: nothing here plays or decodes them.
"""

from pathlib import Path

from bot.sandbox import photos
from bot.sandbox.args import Json, bad_request
from bot.sandbox.files import Files, Kind

_STICKER: Json = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
_PLAYED: Json = {"width": 640, "height": 360, "duration": 3}

# What a sender may call it -> the message's key, and the key's fields.
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
}  # the others tell name and type
BY_SUFFIX = {".tgs": "animated_sticker", ".mp4": "video", ".mov": "video", ".ogg": "voice", ".mp3": "audio"}


def kind_of(name: str) -> str:
    """What the apps make of a file by its name; '' for a photo or a plain file."""
    return BY_SUFFIX.get(Path(name).suffix.lower(), "")


async def content(files: Files, kind: str, name: str, data: bytes) -> Json:
    """The message's content. Raises ApiError 400 for a kind that is unknown."""
    if kind not in KINDS:
        raise bad_request(f"unknown kind {kind}: there are {', '.join(KINDS)}")
    key, fields = KINDS[kind]
    seen = dict(zip(("width", "height"), photos.dimensions(data), strict=False)) if kind == "sticker" else {}
    told = await files.add_media(
        key, name, data, {**fields, **seen}, NAMED.get(key, ("file_name", "mime_type"))
    )
    # Telegram sends an animation as a document too, for old bots
    return {key: told, **({"document": told} if kind == "animation" else {})}
