"""One zip of what a chat remembers, for people to look into and for programs to learn from.

    README.txt           what is what
    photos.jsonl         one JSON object a line: of each photo its caption, then its questions
    pictures/ID.jpg      the pictures, as far as Telegram still gives them
    pictures/ID.txt      the caption once more, for programs that look for it beside the picture

The layout is the one that `vlm evaluate` and training read (docs/datasets.md): several of these unpacked into
one folder are one data set, as each names its lines differently.
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
IN_MEMORY_BYTES: Final = 4 * 1024 * 1024  # a larger one lies on the disk while it is made
ENTRY_BYTES: Final = 1024  # what a file takes in a zip besides its content, amply

# How the kinds of picture that people send begin: offset, bytes, suffix.
BEGINNINGS: Final = (
    (0, b"\xff\xd8", ".jpg"),
    (0, b"\x89PNG", ".png"),
    (8, b"WEBP", ".webp"),
    (0, b"GIF8", ".gif"),
    (4, b"ftyp", ".heic"),
)


class Kept(NamedTuple):
    """All that is known of a photo; `picture` is None where Telegram gives it no more."""

    photo: Photo
    turns: Sequence[Turn]
    picture: bytes | None


class Archive:
    """A zip in the making; `lines_name` is the file of its lines."""

    def __init__(self, lines_name: str) -> None:
        self._lines_name = lines_name
        self._lines: list[bytes] = []
        self._file = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115 - closed by its user
        self._zip = ZipFile(self._file, "w", ZIP_DEFLATED)
        self.bytes = 0  # at most, were it closed now

    def add(self, kept: Kept) -> None:
        """Add a photo. Takes time: not for the event loop."""
        name = image_name(kept)
        lines = [msgspec.json.encode(line) for line in lines_of(kept, name)]
        if kept.picture is not None:
            self._zip.writestr(name, kept.picture, ZIP_STORED)
            caption = " ".join(caption_of(kept.photo).split())
            self._zip.writestr(f"{FOLDER}/{kept.photo.id}.txt", f"{caption}\n")
        self._lines += lines
        self.bytes += size_of(kept)

    def close(self, readme: str) -> IO[bytes]:
        """The zip, to be read from its beginning; whoever gets it closes it. Takes time as well."""
        self._zip.writestr("README.txt", readme)
        self._zip.writestr(self._lines_name, b"".join(line + b"\n" for line in self._lines))
        self._zip.close()
        self._file.seek(0)
        return self._file


def size_of(kept: Kept) -> int:
    """How many bytes a photo takes in an archive, at most."""
    lines = lines_of(kept, image_name(kept))
    text = sum(len(msgspec.json.encode(line)) + 1 for line in lines) + len(caption_of(kept.photo).encode())
    return text + len(kept.picture or b"") + 2 * ENTRY_BYTES


def lines_of(kept: Kept, image: str) -> list[dict[str, Any]]:
    """What the lines file says of a photo. Loaders pass over what they do not know, as `by` and `note`."""
    photo = kept.photo
    told = {
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
    asked = [
        {"image": image, "id": f"{photo.id}-{n}", "question": turn.question, "answer": turn.answer}
        for n, turn in enumerate(kept.turns, 1)
    ]
    return [{name: value for name, value in told.items() if value}, *asked]


def caption_of(photo: Photo) -> str:
    """The words that count: the owner's, else the model's."""
    return photo.correction or photo.caption


def image_name(kept: Kept) -> str:
    """Where the picture lies in the zip, or would."""
    data = kept.picture or b""
    found = (suffix for start, mark, suffix in BEGINNINGS if data[start : start + len(mark)] == mark)
    return f"{FOLDER}/{kept.photo.id}{next(found, '.jpg')}"
