"""Checks of a model's folder, which is untrusted, before it is used.

- No link and no shard name leads out of the folder. (The hub's cache has its files in its own blobs/.)
- No adapter, which would load another model.
- No number in config.json is absurd; checked before a model is built.
- config.json does not ask for much more than is stored; checked before memory is allocated.
"""

from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any, Final

import msgspec
from safetensors import safe_open

from vlm.errors import ModelNotFound

CONFIG_BYTES: Final = 1 << 20
LARGEST: Final = 10_000_000  # number in a config.json: more than any vocabulary has
MOST_LAYERS: Final = 1000
SHARDS: Final = "model.safetensors.index.json"
ADAPTER: Final = "adapter_config.json"
PICKLED: Final = "pytorch_model.bin"  # read as tensors only; m2m100_418M comes in nothing else
LEEWAY: Final = 4  # a model may ask for so many times what is stored: tied and packed weights


def check_folder(name: str, folder: Path) -> None:
    """Raises ModelNotFound for a folder that fails a check, and says which."""
    if (folder / ADAPTER).exists():
        raise ModelNotFound(f"{name} holds an adapter (LoRA): merge it into its model, and name the result.")
    if strays := list(_strays(folder)):
        raise ModelNotFound(f"{name} is not whole: {strays[0]} lies outside of the folder. Copy it there.")
    _check_numbers(name, folder / "config.json")


def _strays(folder: Path) -> Iterator[str]:
    """Names of a folder's files that lie outside of it."""
    root = folder.resolve()
    own = [root, root.parent.parent / "blobs"] if root.parent.name == "snapshots" else [root]
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() and not any(path.resolve().is_relative_to(parent) for parent in own):
            yield path.name
    for index in sorted(folder.rglob(SHARDS)):
        shards = msgspec.json.decode(index.read_bytes(), type=ShardIndex).weight_map.values()
        yield from (shard for shard in sorted(set(shards)) if Path(shard).name != shard)


class ShardIndex(msgspec.Struct):
    """Which file holds which tensor."""

    weight_map: dict[str, str] = {}


def _check_numbers(name: str, path: Path) -> None:
    """Raises ModelNotFound for an impossible size, as building the model would take all time or memory."""
    try:
        if path.stat().st_size > CONFIG_BYTES:
            raise ValueError("it is too long")
        for key, value in _numbers("", msgspec.json.decode(path.read_bytes())):
            if abs(value) > (MOST_LAYERS if key.endswith("layers") else LARGEST):
                raise ValueError(f"{key} is {value}")
    except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
        raise ModelNotFound(f"The config.json of {name} cannot be read: {error}.") from error


def _numbers(key: str, value: Any) -> Iterator[tuple[str, int | float]]:
    """All numbers of a JSON value, each with its key."""
    match value:
        case dict():
            for inner, item in value.items():
                yield from _numbers(inner, item)
        case list():
            for item in value:
                yield from _numbers(key, item)
        case int() | float():
            yield key, value


def check_size(name: str, folder: Path, parameters: int) -> None:
    """Raises ModelNotFound for a model of so many `parameters` whose files hold far fewer."""
    stored = sum(map(_stored, folder.glob("*.safetensors"))) or (folder / PICKLED).stat().st_size // 2
    if parameters > LEEWAY * stored:
        raise ModelNotFound(
            f"The config.json of {name} asks for {parameters:,} numbers; its files hold {stored:,}."
        )


def _stored(path: Path) -> int:
    """How many parameters a file of weights holds, by its header."""
    with safe_open(path, framework="pt") as file:
        return sum(prod(file.get_slice(key).get_shape()) for key in file.keys())  # noqa: SIM118 - no mapping
