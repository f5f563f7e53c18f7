"""A folder's index: captions and vectors of its pictures, stored beside them for the next search.

    FOLDER/.afterimage-index    safetensors: vectors [N, Q, E] fp16, and the records as JSON in its header
    ~/.cache/afterimage/...     the same, for a folder without write permission

A file is captioned again when its size or time and its bytes have changed. A file that was moved or renamed
is recognised by its bytes. An index of another model revision, or one that cannot be read, is ignored.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from vlm.errors import AfterimageError, BadRequest
from vlm.images.opening import read_picture

NEVER: Final = (-1, -1)  # the stamp of a failure that may pass: the file is tried again
NAME: Final = ".afterimage-index"
VERSION: Final = 1
SUFFIXES: Final = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".heic", ".heif"}

PictureVectors = NDArray[np.float16]  # [Q, E]
# Pictures' bytes to their captions, or the errors, and their vectors.
DescribePictures = Callable[[Sequence[bytes]], Sequence[tuple[str | AfterimageError, PictureVectors | None]]]


class FileStamp(NamedTuple):
    """What differs when a file has changed."""

    size_bytes: int
    mtime_ns: int


class PictureRecord(Struct, frozen=True, kw_only=True):
    """A file and its caption, or the error. `row` of the stored vectors; -1: none."""

    stamp: FileStamp
    sha256: str
    caption: str = ""
    error: str = ""
    message: str = ""
    row: int = -1


class CachedPicture(NamedTuple):
    """What is known of one file."""

    record: PictureRecord
    vectors: PictureVectors | None


FolderIndex = dict[str, CachedPicture]  # by path below the folder


def pictures_of(folder: Path) -> list[str]:
    """Paths of the pictures below a folder, sorted; no hidden files, hidden folders and linked folders."""
    paths: list[str] = []
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        pictures = (name for name in files if Path(name).suffix.lower() in SUFFIXES and name[0] != ".")
        paths += [os.path.relpath(Path(parent, name), folder) for name in pictures]
    return sorted(paths)


def refresh(
    folder: Path,
    paths: Sequence[str],
    known: Mapping[str, CachedPicture],
    describe: DescribePictures,
    *,
    batch: int,
) -> Iterator[FolderIndex]:
    """The index of the files as they are now, in parts: first the unchanged files, then the others by batch.

    `describe` is called with the bytes of up to `batch` pictures.
    """
    by_sha256 = {picture.record.sha256: picture for picture in known.values()}
    unchanged: FolderIndex = {}
    changed: list[str] = []
    for path in paths:
        picture = known.get(path)
        if picture is not None and picture.record.stamp == _stamp(folder / path):
            unchanged[path] = picture
        else:
            changed.append(path)
    yield unchanged
    for start in range(0, len(changed), batch):
        yield _described(folder, changed[start : start + batch], by_sha256, describe)


def _described(
    folder: Path,
    paths: Sequence[str],
    by_sha256: Mapping[str, CachedPicture],
    describe: DescribePictures,
) -> FolderIndex:
    index: FolderIndex = {}
    waiting: dict[str, tuple[PictureRecord, bytes]] = {}
    for path in paths:
        stamp = _stamp(folder / path)
        try:
            data = read_picture(folder / path)
        except AfterimageError as error:
            index[path] = _failed(error)
            continue
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 in by_sha256:
            index[path] = _with_stamp(by_sha256[sha256], stamp)
        else:
            waiting[path] = PictureRecord(stamp=stamp, sha256=sha256), data
    results = describe([data for _, data in waiting.values()]) if waiting else []
    for (path, (record, _)), (caption, vectors) in zip(waiting.items(), results, strict=True):
        index[path] = _cached(record, caption, vectors)
    return index


def _with_stamp(picture: CachedPicture, stamp: FileStamp) -> CachedPicture:
    return CachedPicture(msgspec.structs.replace(picture.record, stamp=stamp), picture.vectors)


def _cached(
    record: PictureRecord, caption: str | AfterimageError, vectors: PictureVectors | None
) -> CachedPicture:
    if isinstance(caption, str):
        return CachedPicture(msgspec.structs.replace(record, caption=caption), vectors)
    if vectors is not None:  # encoded, but without a caption
        return CachedPicture(record, vectors)
    failed = _failed(caption).record
    if isinstance(caption, BadRequest):  # the file's fault, which will not pass
        failed = msgspec.structs.replace(failed, stamp=record.stamp, sha256=record.sha256)
    return CachedPicture(failed, None)


def _failed(error: AfterimageError) -> CachedPicture:
    record = PictureRecord(stamp=FileStamp(*NEVER), sha256="", error=error.code, message=str(error))
    return CachedPicture(record, None)


def _stamp(path: Path) -> FileStamp:
    try:
        status = path.stat()
    except OSError:
        return FileStamp(*NEVER)
    return FileStamp(status.st_size, status.st_mtime_ns)


def index_paths(folder: Path) -> tuple[Path, Path]:
    """Where an index may be: beside the pictures, or in the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "afterimage"
    name = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:24]
    return folder / NAME, cache / f"{name}.index"


def read_index(folder: Path, revision: str) -> FolderIndex:
    """The stored index of a folder by this revision of a model; empty if there is none."""
    for path in index_paths(folder):
        try:
            with safe_open(path, framework="np") as file:
                facts, vectors = json.loads(file.metadata()["index"]), file.get_tensor("vectors")
            if (facts["version"], facts["revision"]) != (VERSION, revision):
                continue
            return {name: _picture(fields, vectors) for name, fields in facts["files"].items()}
        except (OSError, SafetensorError, ValueError, KeyError, IndexError, TypeError):
            continue  # missing or unreadable: it is made anew
    return {}


def _picture(fields: Any, vectors: NDArray[np.float16]) -> CachedPicture:
    record = msgspec.convert(fields, PictureRecord)
    return CachedPicture(record, vectors[record.row] if record.row >= 0 else None)


def write_index(folder: Path, revision: str, index: FolderIndex) -> Path | None:
    """Store an index; the path where, or None if there is no place with write permission."""
    rows = [picture.vectors for picture in index.values() if picture.vectors is not None]
    vectors = np.stack(rows) if rows else np.zeros((0, 0, 0), np.float16)
    numbers = iter(range(len(rows)))
    files = {
        name: msgspec.to_builtins(
            msgspec.structs.replace(picture.record, row=-1 if picture.vectors is None else next(numbers))
        )
        for name, picture in index.items()
    }
    # ASCII, whatever the names
    facts = json.dumps({"version": VERSION, "revision": revision, "files": files})
    for path in index_paths(folder):
        unfinished = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_bytes(save({"vectors": vectors}, {"index": facts}))  # with the usual permissions
            unfinished.replace(path)  # never half an index
            return path
        except (OSError, SafetensorError):
            with suppress(OSError):
                unfinished.unlink()
    return None
