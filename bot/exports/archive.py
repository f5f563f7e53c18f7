"""A zip of what a chat remembers, for people to read and for programs to learn from.

    README.txt           what the files are
    photos.jsonl         one JSON object per line: for each photo its caption, then its questions
    pictures/ID.jpg      the pictures, as far as Telegram still has them
    pictures/ID.txt      the caption again, for programs that expect it beside the picture

`vlm evaluate` and training read this layout (docs/datasets.md). Several archives unpacked into one folder are
one data set, as each names its lines file differently.
"""

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import IO, Any, Final, NamedTuple
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import msgspec

from vlm.memory import Photo
from vlm.protocol import Turn

FOLDER: Final = "pictures"
IN_MEMORY_BYTES: Final = 4 * 1024 * 1024  # a larger archive is a file on disk while it is made
ENTRY_BYTES: Final = 1024  # what a file takes in a zip besides its content, at most

# Magic numbers of the picture formats that people send: offset, bytes, suffix.
BEGINNINGS: Final = (
    (0, b"\xff\xd8", ".jpg"),
    (0, b"\x89PNG", ".png"),
    (8, b"WEBP", ".webp"),
    (0, b"GIF8", ".gif"),
    (4, b"ftyp", ".heic"),
)


class ExportedPhoto(NamedTuple):
    """A photo with its turns; `picture` is None if Telegram no longer has it."""

    photo: Photo
    turns: Sequence[Turn]
    picture: bytes | None


class Archive:
    """A zip in the making. `lines_name`: the name of its lines file."""

    def __init__(self, lines_name: str) -> None:
        self._lines_name = lines_name
        self._lines: list[bytes] = []
        self._file = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115 - closed by its user
        self._zip = ZipFile(self._file, "w", ZIP_DEFLATED)
        self.bytes = 0  # at most, were it closed now

    def add(self, exported: ExportedPhoto) -> None:
        """Add a photo. Slow: not for the event loop."""
        name = image_name(exported)
        lines = [msgspec.json.encode(line) for line in lines_of(exported, name)]
        if exported.picture is not None:
            self._zip.writestr(name, exported.picture, ZIP_STORED)
            caption = " ".join(caption_of(exported.photo).split())
            self._zip.writestr(f"{FOLDER}/{exported.photo.id}.txt", f"{caption}\n")
        self._lines += lines
        self.bytes += size_of(exported)

    def close(self, readme: str) -> IO[bytes]:
        """The zip, open at its beginning; the caller closes it. Slow, too."""
        self._zip.writestr("README.txt", readme)
        self._zip.writestr(self._lines_name, b"".join(line + b"\n" for line in self._lines))
        self._zip.close()
        self._file.seek(0)
        return self._file


def size_of(exported: ExportedPhoto) -> int:
    """How many bytes a photo takes in an archive, at most."""
    lines = lines_of(exported, image_name(exported))
    text = sum(len(msgspec.json.encode(line)) + 1 for line in lines) + len(
        caption_of(exported.photo).encode()
    )
    return text + len(exported.picture or b"") + 2 * ENTRY_BYTES


def lines_of(exported: ExportedPhoto, image: str) -> list[dict[str, Any]]:
    """A photo's lines. Loaders ignore the fields that they do not know, such as `by` and `note`."""
    photo = exported.photo
    fields = {
        "image": image,
        "id": photo.id,
        "caption": caption_of(photo),
        "by": "owner" if photo.correction else "model",
        "model_caption": photo.caption if photo.correction else "",
        "shown": photo.localized_caption if photo.localized_caption != photo.caption else "",
        "language": photo.language,
        "note": photo.note,
        "sender": photo.sender_name,
        "sent": datetime.fromtimestamp(photo.created_ms / 1000, UTC).isoformat(timespec="seconds"),
        "model": photo.revision,
    }
    questions = [
        {"image": image, "id": f"{photo.id}-{n}", "question": turn.question, "answer": turn.answer}
        for n, turn in enumerate(exported.turns, 1)
    ]
    return [{name: value for name, value in fields.items() if value}, *questions]


def caption_of(photo: Photo) -> str:
    """The owner's caption, else the model's."""
    return photo.correction or photo.caption


def image_name(exported: ExportedPhoto) -> str:
    """The picture's name in the zip."""
    data = exported.picture or b""
    suffixes = (suffix for start, mark, suffix in BEGINNINGS if data[start : start + len(mark)] == mark)
    return f"{FOLDER}/{exported.photo.id}{next(suffixes, '.jpg')}"
