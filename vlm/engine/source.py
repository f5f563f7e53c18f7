"""Where a checkpoint comes from: a folder of this disk, or the hub's, fetched once into its cache.

folder   config.json, *.safetensors, the tokenizer's and the image processor's files
         card.json, where we made it: {"name", "knows", "expected_caption", "revision", "itc", ...}
         itc/, where it brings its own image-text checkpoint
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

# The revisions this version was made with: a hub repository may change under its name, a commit does not.
PINNED: Final = {
    "Salesforce/blip2-flan-t5-xl": "0eb0d3b46c14c1f8c7680bca2693baafdb90bb28",
    "Salesforce/blip2-itm-vit-g": "520bf73fd0ef6ccce791cd3f06908040aef2d8cc",
    "facebook/m2m100_418M": "55c2e61bbf05dfb8d7abccdc3fae6fc8512fd636",
}
WANTED: Final = ["*.json", "*.safetensors", "*.txt", "*.model"]  # no pickles, no code
LANGUAGE: Final = re.compile("__([a-z]{2,3})__")  # a language's token in M2M100's tokenizer
HUB_TIMEOUT_S: Final = 10.0
TINY: Final = "tiny"
TRY_TINY: Final = "To try without a download, take the small model that comes with Afterimage: --model tiny."


class Card(Struct, frozen=True):
    """What a checkpoint's card.json says, as far as an engine minds it."""

    name: str = ""
    knows: str = ""
    expected_caption: str = ""
    revision: str = ""
    itc: str = ""
    translator: str = ""
    languages: tuple[str, ...] = ()  # that it speaks itself, beside English
    world: dict[str, int | bool] | None = None  # what its drawn pictures were like; None: it saw others
    scores: dict[str, Any] = {}  # as whoever made it wrote them down


class Source(Struct, frozen=True):
    """A checkpoint on this disk."""

    name: str
    folder: Path
    card: Card
    revision: str

    @property
    def weight_bytes(self) -> int:
        """Size of its weights on disk."""
        return sum(path.stat().st_size for path in self.folder.glob("*.safetensors"))


def find(name: str, revision: str = "") -> Source:
    """The checkpoint called `name`: tiny, a folder, or a hub id. Raises ModelNotFound, saying what to do."""
    folder, commit = _folder(name, revision, "tiny", WANTED)
    return _source(name, folder, commit, any(folder.glob("*.safetensors")))


def local(name: str, revision: str = "") -> Source | None:
    """The checkpoint called `name` as it is on this disk, without asking the hub; None where it is not.

    Raises:  ModelNotFound for a folder without one, or a broken one.
    """
    if name == TINY or Path(name).is_dir() or name.startswith((".", "/", "~")):
        return find(name, revision)
    try:
        folder = Path(
            snapshot_download(
                name,
                revision=revision or PINNED.get(name, "main"),
                allow_patterns=WANTED,
                local_files_only=True,
            )
        )
    except (OSError, HFValidationError):
        return None
    return _source(name, folder, folder.name, any(folder.glob("*.safetensors")))


def find_translator(name: str, revision: str = "") -> Source:
    """The same for translators, whose tiny one is another and whose weights may be a PyTorch file."""
    folder, commit = _folder(name, revision, "translator", [*WANTED, PICKLED])
    return _source(name, folder, commit, any(folder.glob("*.safetensors")) or (folder / PICKLED).is_file())


def languages_of(translator: str) -> Iterable[str]:
    """The codes that a translator knows: by its tokenizer where its folder is here, else M2M100's hundred."""
    folder = files("vlm").joinpath("assets", "translator") if translator == TINY else Path(translator)
    file = folder / "tokenizer_config.json"
    known = set(LANGUAGE.findall(file.read_text())) if file.is_file() else set()
    return known & NAMES.keys() or NAMES


def _source(name: str, folder: Path, commit: str, weights: bool) -> Source:
    if not (folder / "config.json").is_file():
        raise ModelNotFound(f"There is no checkpoint in {name}: config.json is missing. {_instead(name)}")
    if not weights:
        raise ModelNotFound(f"{name} has no weights in safetensors, the only format read. {_instead(name)}")
    if name != TINY:
        check_folder(name, folder)
    card = card_of(folder)
    shown = card.name or (name if commit or name == TINY else folder.resolve().name)
    return Source(shown, folder, card, commit or card.revision or fingerprint(folder))


def _instead(name: str) -> str:
    return "Install Afterimage again, or make it by `vlm train tiny`." if name == TINY else TRY_TINY


def _folder(name: str, revision: str, tiny: str, wanted: list[str]) -> tuple[Path, str]:
    """Its folder and, for one of the hub's, its commit. `tiny` is where the one that comes along lies."""
    if name == TINY:
        return Path(str(files("vlm").joinpath("assets", tiny))), ""
    if Path(name).is_dir():
        return Path(name), ""
    if name.startswith((".", "/", "~")) or name.count("/") != 1:
        raise ModelNotFound(f"There is no folder {name}. {TRY_TINY}")
    return _fetch(name, revision or PINNED.get(name, "main"), wanted)


def _fetch(name: str, revision: str, wanted: list[str]) -> tuple[Path, str]:
    reason = ""
    try:
        reason = _silence(name, revision)
        folder = snapshot_download(
            name, revision=revision, allow_patterns=wanted, local_files_only=bool(reason)
        )
    except (OSError, HfHubHTTPError, HFValidationError) as error:
        raise ModelNotFound(
            f"The model {name} ({revision}) is not on this disk and could not be fetched from the hub: "
            f"{reason or _first_line(error)} Check the name, the network and, for a private model, HF_TOKEN. "
            f"{TRY_TINY}"
        ) from error
    return Path(folder), Path(folder).name


def _silence(name: str, revision: str) -> str:
    """Why the hub gives no answer now; '': it does. Asked once, as a download would try for half a minute."""
    try:
        HfApi().model_info(name, revision=revision, timeout=HUB_TIMEOUT_S)
    except (RepositoryNotFoundError, RevisionNotFoundError):
        raise  # an answer, if not the one hoped for
    except (httpx.TransportError, OfflineModeIsEnabled, HfHubHTTPError) as error:
        return _first_line(error)
    return ""


def _first_line(error: Exception) -> str:
    line = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
    return line if line.endswith(".") else f"{line}."


def card_of(folder: Path) -> Card:
    """What its card says; nothing where it has none. Raises ModelNotFound for a broken one."""
    path = folder / "card.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Card) if path.is_file() else Card()
    except msgspec.DecodeError as error:
        raise ModelNotFound(f"{path} cannot be read: {error}.") from error


def fingerprint(folder: Path) -> str:
    """A name for exactly these weights: the same files give the same one, a changed weight another.

    Not handled: of files over 64 MiB only 256 samples are read; a change of very few numbers can be missed.
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
