"""The state of a training run in one safetensors file: tensors and plain values, no code.

The state is any tree of dicts, lists, tuples, numbers, strings and tensors. The tree is stored as JSON in the
file's header, with each tensor by its name in the file.
"""

import json
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from vlm.errors import BadRequest

SUFFIX: Final = ".safetensors"
TREE: Final = "tree"
OLDER: Final = (
    "{old} was written by an earlier version. To go on with it: "
    'python -c "import torch; from pathlib import Path; from vlm.lab.checkpoint import save; '
    'save(Path({new!r}), torch.load({old!r}, weights_only=True))", and remove it.'
)


def save(path: Path, state: Any) -> None:
    """Write a state. An existing file is replaced atomically."""
    tensors: dict[str, Tensor] = {}
    tree = json.dumps(_packed(state, tensors))
    unfinished = path.with_suffix(".new")
    save_file(tensors, unfinished, metadata={TREE: tree})
    unfinished.replace(path)


def load(path: Path) -> Any:
    """The saved state, or None without a file. Raises BadRequest for a file that holds no state."""
    if (old := path.with_suffix(".pt")).exists() and not path.exists():
        raise BadRequest(OLDER.format(old=str(old), new=str(path)))
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
            return _unpacked(json.loads(file.metadata()[TREE]), tensors)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise BadRequest(f"{path} cannot be read as the state of a run: {error}") from error


def _packed(value: Any, tensors: dict[str, Tensor]) -> Any:
    match value:
        case Tensor():
            name = str(len(tensors))
            # a copy: tensors that share their memory have no place in the format
            tensors[name] = value.detach().clone(memory_format=torch.contiguous_format)
            return {"tensor": name}
        case dict():
            return {"dict": [[key, _packed(item, tensors)] for key, item in value.items()]}
        case tuple():
            return {"tuple": [_packed(item, tensors) for item in value]}
        case list():
            return [_packed(item, tensors) for item in value]
        case None | bool() | int() | float() | str():
            return value
    raise TypeError(f"a {type(value).__name__} cannot be kept")


def _unpacked(value: Any, tensors: dict[str, Tensor]) -> Any:
    match value:
        case {"tensor": name}:
            return tensors[name]
        case {"dict": pairs}:
            return {key: _unpacked(item, tensors) for key, item in pairs}
        case {"tuple": items}:
            return tuple(_unpacked(item, tensors) for item in items)
        case list():
            return [_unpacked(item, tensors) for item in value]
    return value
