"""Where a checkpoint comes from: a folder on this disk, or the hub, which is fetched into a cache once.

config.json, *.safetensors, the files of the tokenizer and the image processor
card.json   of checkpoints that `vlm` made: {"name", "knows", "expected_caption", "revision", "itc", ...}
itc/        its own image-text checkpoint, if it has one
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import msgspec
from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import httpx  # type: ignore[attr-defined] # httpx or httpx2, whichever it uses
from msgspec import Struct

from vlm.engine.folder import PICKLED, check_folder
from vlm.errors import ModelNotFound
from vlm.text.languages import NAMES

# The revisions that this version was made with: a hub repository can change, a commit cannot.
PINNED: Final = {
    "Salesforce/blip2-flan-t5-xl": "0eb0d3b46c14c1f8c7680bca2693baafdb90bb28",
    "Salesforce/blip2-itm-vit-g": "520bf73fd0ef6ccce791cd3f06908040aef2d8cc",
    "facebook/m2m100_418M": "55c2e61bbf05dfb8d7abccdc3fae6fc8512fd636",
}
FETCHED: Final = ["*.json", "*.safetensors", "*.txt", "*.model"]  # no pickles, no code
LANGUAGE: Final = re.compile("__([a-z]{2,3})__")  # a language's token in M2M100's tokenizer
HUB_TIMEOUT_S: Final = 10.0
TINY: Final = "tiny"
TRY_TINY: Final = "To try without a download, take the small model that comes with Afterimage: --model tiny."


class Card(Struct, frozen=True):
    """The part of a checkpoint's card.json that an engine needs."""

    name: str = ""
    knows: str = ""
    expected_caption: str = ""
    revision: str = ""
    itc: str = ""
    translator: str = ""
    languages: tuple[str, ...] = ()  # that it speaks itself, besides English
    world: dict[str, int | bool] | None = None  # of its drawn scenes; None: it was trained on other pictures
    scores: dict[str, Any] = {}  # as its maker wrote them down


class Source(Struct, frozen=True):
    """A checkpoint on this disk."""

    name: str
    folder: Path
    card: Card
    revision: str

    @property
    def weight_bytes(self) -> int:
        """Size of the weights on disk."""
        return sum(path.stat().st_size for path in self.folder.glob("*.safetensors"))


def find_checkpoint(name: str, revision: str = "") -> Source:
    """The checkpoint named `name`: tiny, a folder, or a hub id. Raises ModelNotFound, with advice."""
    folder, commit = _folder(name, revision, "tiny", FETCHED)
    return _source(name, folder, commit, any(folder.glob("*.safetensors")))


def local_checkpoint(name: str, revision: str = "") -> Source | None:
    """The checkpoint named `name` if it is on this disk, or None; does not ask the hub.

    Raises:  ModelNotFound for a folder without a checkpoint, or with a broken one.
    """
    if name == TINY or Path(name).is_dir() or name.startswith((".", "/", "~")):
        return find_checkpoint(name, revision)
    try:
        folder = Path(
            snapshot_download(
                name,
                revision=revision or PINNED.get(name, "main"),
                allow_patterns=FETCHED,
                local_files_only=True,
            )
        )
    except (OSError, HFValidationError):
        return None
    return _source(name, folder, folder.name, any(folder.glob("*.safetensors")))


def find_translator(name: str, revision: str = "") -> Source:
    """`find_checkpoint` for translators: `tiny` is the bundled one, and weights may be a PyTorch file."""
    folder, commit = _folder(name, revision, "translator", [*FETCHED, PICKLED])
    return _source(name, folder, commit, any(folder.glob("*.safetensors")) or (folder / PICKLED).is_file())


def languages_of(translator: str) -> Iterable[str]:
    """The codes that a translator knows: by its tokenizer if its folder is here, else M2M100's hundred."""
    folder = files("vlm").joinpath("assets", "translator") if translator == TINY else Path(translator)
    file = folder / "tokenizer_config.json"
    known = set(LANGUAGE.findall(file.read_text())) if file.is_file() else set()
    return known & NAMES.keys() or NAMES


def _source(name: str, folder: Path, commit: str, has_weights: bool) -> Source:
    if not (folder / "config.json").is_file():
        raise ModelNotFound(f"There is no checkpoint in {name}: config.json is missing. {_advice(name)}")
    if not has_weights:
        raise ModelNotFound(f"{name} has no weights in safetensors, the only format read. {_advice(name)}")
    if name != TINY:
        check_folder(name, folder)
    card = card_of(folder)
    display_name = card.name or (name if commit or name == TINY else folder.resolve().name)
    return Source(display_name, folder, card, commit or card.revision or fingerprint(folder))


def _advice(name: str) -> str:
    return "Install Afterimage again, or make it by `vlm train tiny`." if name == TINY else TRY_TINY


def _folder(name: str, revision: str, tiny: str, patterns: list[str]) -> tuple[Path, str]:
    """Its folder and, if it is from the hub, its commit. `tiny` is the folder of the bundled checkpoint."""
    if name == TINY:
        return Path(str(files("vlm").joinpath("assets", tiny))), ""
    if Path(name).is_dir():
        return Path(name), ""
    if name.startswith((".", "/", "~")) or name.count("/") != 1:
        raise ModelNotFound(f"There is no folder {name}. {TRY_TINY}")
    return _fetch(name, revision or PINNED.get(name, "main"), patterns)


def _fetch(name: str, revision: str, patterns: list[str]) -> tuple[Path, str]:
    reason = ""
    try:
        reason = _hub_error(name, revision)
        folder = snapshot_download(
            name, revision=revision, allow_patterns=patterns, local_files_only=bool(reason)
        )
    except (OSError, HfHubHTTPError, HFValidationError) as error:
        raise ModelNotFound(
            f"The model {name} ({revision}) is not on this disk and could not be fetched from the hub: "
            f"{reason or _first_line(error)} Check the name, the network and, for a private model, HF_TOKEN. "
            f"{TRY_TINY}"
        ) from error
    return Path(folder), Path(folder).name


def _hub_error(name: str, revision: str) -> str:
    """Why the hub is unreachable; '': it answers. Asked once, as a download retries for half a minute."""
    try:
        HfApi().model_info(name, revision=revision, timeout=HUB_TIMEOUT_S)
    except (RepositoryNotFoundError, RevisionNotFoundError):
        raise  # the hub did answer
    except (httpx.TransportError, OfflineModeIsEnabled, HfHubHTTPError) as error:
        return _first_line(error)
    return ""


def _first_line(error: Exception) -> str:
    line = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
    return line if line.endswith(".") else f"{line}."


def card_of(folder: Path) -> Card:
    """The card of a checkpoint; an empty one if there is none. Raises ModelNotFound for a broken one."""
    path = folder / "card.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Card) if path.is_file() else Card()
    except msgspec.DecodeError as error:
        raise ModelNotFound(f"{path} cannot be read: {error}.") from error


def fingerprint(folder: Path) -> str:
    """A revision for exactly these weights: the same files have the same, a changed weight another.

    Not handled: of files over 64 MiB, 256 samples are read, so a change of very few numbers can be missed.
    """
    digest = hashlib.sha256()
    for path in [folder / "config.json", *sorted(folder.glob("*.safetensors"))]:
        digest.update(f"{path.name} {path.stat().st_size}\n".encode())
        for piece in _pieces(path):
            digest.update(piece)
    return digest.hexdigest()[:16]


def _pieces(path: Path) -> Iterator[bytes]:
    size, piece_bytes, last = path.stat().st_size, 64 << 10, 255
    with path.open("rb") as file:
        if size <= 64 << 20:
            yield file.read()
            return
        for i in range(last + 1):
            file.seek((size - piece_bytes) * i // last)  # the first and the last piece included
            yield file.read(piece_bytes)
