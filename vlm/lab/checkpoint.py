"""Where a training run stands, in one file of tensors and plain values, which can run nothing: safetensors.

The state is any tree of dicts, lists, tuples, numbers, words and tensors. The tree is written as JSON into
the file's header, with each tensor as the name that it has in the file.
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
    """Write a state; a file that is there already is replaced as a whole, so there is never half a one."""
    tensors: dict[str, Tensor] = {}
    tree = json.dumps(_packed(state, tensors))
    unfinished = path.with_suffix(".new")
    save_file(tensors, unfinished, metadata={TREE: tree})
    unfinished.replace(path)


def load(path: Path) -> Any:
    """What was saved; None if nothing was yet. Raises BadRequest for a file that is no such state."""
    if (old := path.with_suffix(".pt")).exists() and not path.exists():
        raise BadRequest(OLDER.format(old=str(old), new=str(path)))
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
            return _unpacked(json.loads(file.metadata()[TREE]), tensors)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise BadRequest(f"{path} cannot be read as where a run stands: {error}") from error


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
