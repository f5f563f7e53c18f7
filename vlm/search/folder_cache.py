"""What a model saw in the pictures of a folder, kept beside them: the next search looks only at what is new.

    FOLDER/.afterimage-index    safetensors: vectors [N, Q, E] fp16, and the rest as JSON in its header
    ~/.cache/afterimage/...     the same, for a folder that may not be written to

A file is looked at again when its size or time has changed and its bytes really are others; a file that was
moved or renamed is not. Another revision of the model begins anew. Whatever cannot be read begins anew, too.
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
from vlm.worker.batch import Words

NEVER: Final = (-1, -1)  # the stamp of a failure that may pass: it is tried again
NAME: Final = ".afterimage-index"
VERSION: Final = 1
SUFFIXES: Final = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".heic", ".heif"}

Look = Callable[[Sequence[bytes]], Sequence[Words]]


class Stamp(NamedTuple):
    """What a changed file changes."""

    size_bytes: int
    mtime_ns: int


class Seen(Struct, frozen=True, kw_only=True):
    """A picture: its caption, or why there is none. `row` of the vectors; -1 without."""

    stamp: Stamp
    sha256: str
    caption: str = ""
    error: str = ""
    message: str = ""
    row: int = -1


class Known(NamedTuple):
    """What is known of one file. `vectors` [Q, E]."""

    seen: Seen
    vectors: NDArray[np.float16] | None


Index = dict[str, Known]  # by path below the folder


def pictures_of(folder: Path) -> list[str]:
    """Paths of the pictures below a folder, in order; what is hidden, and linked folders, are left out."""
    found: list[str] = []
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        pictures = (name for name in files if Path(name).suffix.lower() in SUFFIXES and name[0] != ".")
        found += [os.path.relpath(Path(place, name), folder) for name in pictures]
    return sorted(found)


def refresh(
    folder: Path, paths: Sequence[str], known: Mapping[str, Known], look: Look, *, batch: int
) -> Iterator[Index]:
    """The folder's files as they are now: first those that are known still, then the others as they are seen.

    `look` is given the bytes of up to `batch` pictures at once.
    """
    by_bytes = {each.seen.sha256: each for each in known.values()}
    still: Index = {}
    fresh: list[str] = []
    for path in paths:
        each = known.get(path)
        if each is not None and each.seen.stamp == _stamp(folder / path):
            still[path] = each
        else:
            fresh.append(path)
    yield still
    for start in range(0, len(fresh), batch):
        yield _seen(folder, fresh[start : start + batch], by_bytes, look)


def _seen(folder: Path, paths: Sequence[str], by_bytes: Mapping[str, Known], look: Look) -> Index:
    done: Index = {}
    waiting: dict[str, tuple[Seen, bytes]] = {}
    for path in paths:
        stamp = _stamp(folder / path)
        try:
            data = read_picture(folder / path)
        except AfterimageError as error:
            done[path] = _failed(error)
            continue
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 in by_bytes:
            done[path] = _again(by_bytes[sha256], stamp)
        else:
            waiting[path] = Seen(stamp=stamp, sha256=sha256), data
    for (path, (seen, _)), words in zip(
        waiting.items(), look([data for _, data in waiting.values()]), strict=True
    ):
        done[path] = _told(seen, words)
    return done


def _again(known: Known, stamp: Stamp) -> Known:
    return Known(msgspec.structs.replace(known.seen, stamp=stamp), known.vectors)


def _told(seen: Seen, words: Words) -> Known:
    vectors = words.encoded.vectors if words.encoded else None
    if isinstance(words.text, str):
        return Known(msgspec.structs.replace(seen, caption=words.text), vectors)
    if vectors is not None:  # seen, if without words for it
        return Known(seen, vectors)
    failed = _failed(words.text).seen
    if isinstance(words.text, BadRequest):  # the file's fault: so it will stay
        failed = msgspec.structs.replace(failed, stamp=seen.stamp, sha256=seen.sha256)
    return Known(failed, None)


def _failed(error: AfterimageError) -> Known:
    return Known(Seen(stamp=Stamp(*NEVER), sha256="", error=error.code, message=str(error)), None)


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
    except OSError:
        return Stamp(*NEVER)
    return Stamp(status.st_size, status.st_mtime_ns)


def places(folder: Path) -> tuple[Path, Path]:
    """Where an index may be: beside the pictures, or in the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "afterimage"
    name = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:24]
    return folder / NAME, cache / f"{name}.index"


def read_index(folder: Path, revision: str) -> Index:
    """What is known of a folder by this revision of a model; empty if nothing is."""
    for place in places(folder):
        try:
            with safe_open(place, framework="np") as file:
                facts, vectors = json.loads(file.metadata()["index"]), file.get_tensor("vectors")
            if (facts["version"], facts["revision"]) != (VERSION, revision):
                continue
            return {path: _known(fields, vectors) for path, fields in facts["files"].items()}
        except (OSError, SafetensorError, ValueError, KeyError, IndexError, TypeError):
            continue  # none, or one that cannot be read: looking again makes it anew
    return {}


def _known(fields: Any, vectors: NDArray[np.float16]) -> Known:
    seen = msgspec.convert(fields, Seen)
    return Known(seen, vectors[seen.row] if seen.row >= 0 else None)


def write_index(folder: Path, revision: str, index: Index) -> Path | None:
    """Keep an index, and say where; None: it can be kept nowhere."""
    rows = [each.vectors for each in index.values() if each.vectors is not None]
    vectors = np.stack(rows) if rows else np.zeros((0, 0, 0), np.float16)
    numbers = iter(range(len(rows)))
    files = {
        path: msgspec.to_builtins(
            msgspec.structs.replace(each.seen, row=-1 if each.vectors is None else next(numbers))
        )
        for path, each in index.items()
    }
    facts = json.dumps(
        {"version": VERSION, "revision": revision, "files": files}
    )  # ASCII, whatever the names
    for place in places(folder):
        unfinished = place.with_name(f"{place.name}.{os.getpid()}")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_bytes(save({"vectors": vectors}, {"index": facts}))  # as readable as other files
            unfinished.replace(place)  # never half an index
            return place
        except (OSError, SafetensorError):
            with suppress(OSError):
                unfinished.unlink()
    return None
