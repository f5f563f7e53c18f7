"""Files that people or the bot sent, by file_id.

    file_id          for downloading and sending; differs for a photo and a document
    file_unique_id   equal for equal bytes; can neither be downloaded nor sent
    path             under the folder, and in `getFile`'s answer

A photo is several files, one for each size; sending any of them sends the photo.
"""

import asyncio
import base64
import hashlib
import mimetypes
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from bot.sandbox import photos
from bot.sandbox.args import Json, bad_request

MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024
MAX_NAME = 120
# Not in every system's table of types, but sent by Telegram.
MIMES = {
    ".webp": "image/webp",
    ".heic": "image/heic",
    ".heif": "image/heif",
    ".tgs": "application/x-tgsticker",
}

Kind = Literal[
    "photo", "document", "thumbnail", "sticker", "video", "animation", "video_note", "voice", "audio"
]
_PREFIX: dict[Kind, str] = {
    "photo": "AgACAgI", "document": "BQACAgI", "thumbnail": "AAMCAgI", "sticker": "CAACAgI",
    "video": "BAACAgI", "animation": "CgACAgI", "video_note": "DQACAgI", "voice": "AwACAgI",
    "audio": "CQACAgI",
}  # fmt: skip


class File(msgspec.Struct, frozen=True, kw_only=True):
    """`wire`: its JSON in a message; `sizes`: the file_ids of its photo's sizes."""

    kind: Kind
    path: str
    wire: Json
    sizes: tuple[str, ...] = ()


class Files:
    """`known` is part of the sandbox's state, so that a restart remembers it; the bytes are in `folder`."""

    def __init__(self, folder: Path, known: dict[str, File]) -> None:
        self._folder = folder
        self._known = known

    async def add_photo(self, data: bytes) -> list[Json]:
        """PhotoSizes, smallest first. Raises photos.NotAPhotoError."""
        sizes = await asyncio.to_thread(photos.sizes, data)
        ids = [_id("photo", size.data, size.letter) for size in sizes]
        for file_id, size in zip(ids, sizes, strict=True):
            wire = {**_identity(file_id, size.data), "width": size.width, "height": size.height}
            await self._keep(
                size.data,
                File(kind="photo", path=_path("photo", size.data, ".jpg"), wire=wire, sizes=tuple(ids)),
            )
        return [self._known[file_id].wire for file_id in ids]

    async def add_document(self, name: str, data: bytes) -> Json:
        """A Document; pictures get a thumbnail."""
        return await self.add_media("document", name, data, {}, ("file_name", "mime_type"))

    async def add_media(self, kind: Kind, name: str, data: bytes, fields: Json, named: Sequence[str]) -> Json:
        """A file of any kind but a photo. `named`: which of file_name and mime_type it has."""
        name = Path(name).name[-MAX_NAME:] or "file"
        names = {"file_name": name, "mime_type": _mime(name)}
        wire: Json = {
            **_identity(_id(kind, data, name), data),
            **{key: names[key] for key in named},
            **fields,
        }
        if preview := await asyncio.to_thread(photos.thumbnail, data):
            wire["thumbnail"] = await self._add_thumbnail(preview)
        await self._keep(data, File(kind=kind, path=_path(kind, data, Path(name).suffix), wire=wire))
        return wire

    async def _add_thumbnail(self, size: photos.Size) -> Json:
        file_id = _id("thumbnail", size.data, size.letter)
        wire = {**_identity(file_id, size.data), "width": size.width, "height": size.height}
        await self._keep(
            size.data, File(kind="thumbnail", path=_path("thumbnail", size.data, ".jpg"), wire=wire)
        )
        return wire

    async def _keep(self, data: bytes, file: File) -> None:
        target = self._folder / file.path
        await asyncio.to_thread(_write, target, data)
        self._known[file.wire["file_id"]] = file

    def get(self, file_id: str) -> File:
        """The file with this id. Raises ApiError 400 for an unknown id."""
        if file_id not in self._known:
            raise bad_request("wrong file_id or the file is temporarily unavailable")
        return self._known[file_id]

    def photo(self, file_id: str) -> list[Json]:
        """All PhotoSizes of the photo that `file_id` is a size of. Raises ApiError 400."""
        file = self.get(file_id)
        if file.kind != "photo":
            raise bad_request(f"can't use file of type {file.kind.title()} as Photo")
        return [self._known[size].wire for size in file.sizes]

    def document(self, file_id: str) -> Json:
        """Raises ApiError 400."""
        return self._as("document", file_id)

    def sticker(self, file_id: str) -> Json:
        """Raises ApiError 400."""
        return self._as("sticker", file_id)

    def _as(self, kind: Kind, file_id: str) -> Json:
        file = self.get(file_id)
        if file.kind != kind:
            raise bad_request(f"can't use file of type {file.kind.title()} as {kind.title()}")
        return file.wire

    def downloadable(self, file_id: str) -> Json:
        """`getFile`'s answer. Raises ApiError 400, for files over 20 MB too."""
        file = self.get(file_id)
        if file.wire["file_size"] > MAX_DOWNLOAD_BYTES:
            raise bad_request("file is too big")
        fields = ("file_id", "file_unique_id", "file_size")
        return {**{key: file.wire[key] for key in fields}, "file_path": file.path}

    def at(self, path: str) -> Path | None:
        """The file on disk for a `file_path`; None for a path that was never handed out."""
        known = any(file.path == path for file in self._known.values())
        return self._folder / path if known else None

    def on_disk(self, file_id: str) -> Path:
        """Raises ApiError 400."""
        return self._folder / self.get(file_id).path


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")


def _id(kind: Kind, data: bytes, salt: str) -> str:
    return _PREFIX[kind] + _digest(f"{kind} {salt} ".encode() + hashlib.sha256(data).digest())


def _identity(file_id: str, data: bytes) -> Json:
    return {"file_id": file_id, "file_unique_id": "AQAD" + _digest(data)[:16], "file_size": len(data)}


def _path(kind: Kind, data: bytes, suffix: str) -> str:
    plain = suffix if suffix[1:].isalnum() and suffix.isascii() and len(suffix) <= 8 else ""
    return f"{kind}s/{_digest(data)[:22]}{plain.lower()}"


def _mime(name: str) -> str:
    known = MIMES.get(Path(name).suffix.lower()) or mimetypes.guess_type(name)[0]
    return known or "application/octet-stream"


def _write(target: Path, data: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        target.write_bytes(data)
