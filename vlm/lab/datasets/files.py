"""Read the files of a data set: text, typed JSON, and paths of pictures inside its folder.

Data sets are untrusted: a file name that leads out of the folder is refused.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PureWindowsPath
from typing import TypeVar

import msgspec

from vlm.errors import BadRequest, NotFound

T = TypeVar("T")
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".heic")
SOME = 3  # names in a message
log = logging.getLogger(__name__)


def read_text(path: Path) -> str:
    """The file's text, without a byte order mark. Raises BadRequest where it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRequest(f"{path} is not UTF-8 text; please save it as UTF-8.") from error


def read_json(path: Path, kind: type[T]) -> T:
    """The file's JSON as `kind`; other fields are passed over. Raises BadRequest that says what is wrong."""
    try:
        return msgspec.json.decode(path.read_bytes().removeprefix(b"\xef\xbb\xbf"), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(f"{path} is not what its name says: {error}. Is the download complete?") from error


def find_file(root: Path, name: str) -> Path | None:
    """The file of this name in the data set's folder, or one below, as archives unpack."""
    top = root / name
    return top if top.is_file() else next((path for path in sorted(root.glob(f"*/{name}"))), None)


def first_folder(root: Path, names: Iterable[str], otherwise: Path | None = None) -> Path:
    """The first of these folders that is there, else `otherwise`, else the data set's own."""
    return next((root / name for name in names if (root / name).is_dir()), otherwise or root)


def path_inside(folder: Path, name: str) -> Path:
    """The path of a file that a data set names. Raises BadRequest where it would lie outside of `folder`."""
    parts = PureWindowsPath(name)  # knows both slashes, and drives
    if not name or parts.drive or parts.root or ".." in parts.parts or "\0" in name:
        raise BadRequest(f"The file name {name!r} leads out of {folder}; please correct it.")
    return folder.joinpath(*parts.parts)


def with_existing_image(items: Sequence[T], image: Callable[[T], Path], advice: str) -> list[T]:
    """The items whose picture is on the disk. The number of missing pictures is logged.

    Raises:  NotFound with `advice` if no picture is there.
    """
    exists_by_path = {path: path.is_file() for path in dict.fromkeys(map(image, items))}
    missing = [path for path, exists in exists_by_path.items() if not exists]
    if missing and len(missing) == len(exists_by_path):
        raise NotFound(
            f"None of the {len(exists_by_path):,} pictures is there, for example {missing[0]}. {advice}"
        )
    if missing:
        names = ", ".join(path.name for path in missing[:SOME])
        log.warning(
            "%s of %s pictures are missing and left out, for example %s",
            len(missing),
            len(exists_by_path),
            names,
        )
    return [item for item in items if exists_by_path[image(item)]]


def clean_captions(captions: Iterable[str]) -> tuple[str, ...]:
    """Captions with single spaces, without empty ones."""
    return tuple(text for caption in captions if (text := " ".join(caption.split())))
