"""`vlm quantize`: a checkpoint with its language model in 8 bit, made once and loaded at every start."""

import shutil
from pathlib import Path
from typing import Final

import msgspec

from vlm.engine.base import EngineOptions
from vlm.engine.checkpoints import is_quantized, matching_itc, open_model
from vlm.engine.source import Source, find_checkpoint
from vlm.errors import BadSetting

COPIED: Final = ["*.json", "*.txt", "*.model", "*.md"]  # unless `save_pretrained` has written them


def quantize(src: str, dst: Path, options: EngineOptions) -> Path:
    """Write `src` (tiny, a folder or a hub id) into the folder `dst`, quantized, so that it loads at once.

    An image-text checkpoint inside `src` is copied as it is; one from the hub is named in the card.
    Of `options`, revision, device, dtype and threshold are used.

    Raises:  BadSetting if `dst` exists already or `src` is quantized; ModelNotFound as `load` does.
    """
    if dst.exists():
        raise BadSetting(f"{dst} exists already; name a new folder.")
    source = find_checkpoint(src, options.revision)
    if is_quantized(source.folder):
        raise BadSetting(f"{src} is in 8 bit already.")
    model = open_model(source, msgspec.structs.replace(options, quant="int8"))
    unfinished = dst.with_name(f"{dst.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    model.save_pretrained(unfinished)
    _copy_rest(source, unfinished)
    _write_card(source, unfinished, itc=matching_itc(source, src))
    return unfinished.rename(dst)


def _copy_rest(source: Source, dst: Path) -> None:
    """Copy everything but the weights."""
    for pattern in COPIED:
        for path in source.folder.glob(pattern):
            if not (dst / path.name).exists() and not path.name.endswith(".index.json"):
                shutil.copy(path, dst / path.name)
    if (source.folder / "itc").is_dir():
        shutil.copytree(source.folder / "itc", dst / "itc")


def _write_card(source: Source, dst: Path, itc: str) -> None:
    """Write the card. The revision stays, as vectors and query tokens are the same."""
    card = msgspec.json.decode(path.read_bytes()) if (path := source.folder / "card.json").is_file() else {}
    card |= {"name": f"{source.name} (int8)", "revision": source.revision, "quantized": "LLM.int8"}
    card.pop("sha256", None)  # of other files
    if not (dst / "itc").is_dir() and itc != "none":
        card["itc"] = itc
    (dst / "card.json").write_bytes(msgspec.json.format(msgspec.json.encode(card), indent=2))
