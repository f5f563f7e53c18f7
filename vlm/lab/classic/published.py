"""Published VGG16 weights, by name, from a local file.

    .pth, .safetensors   torchvision: features.0.weight [O, I, 3, 3] ... classifier.3.weight [4096, 4096]
    .h5                  Keras, with its top: block1_conv1 [3, 3, I, O] ... fc2 [4096, 4096]

Keras flattens rows, columns, channels before fc1, torch channels, rows, columns: fc1 is permuted.
The last layer, ImageNet's thousand classes, is left out. Pickles are not executed.
Not handled: Keras files for Theano, `.weights.h5` of Keras 3, VGG16 with batch norm.
"""

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from vlm.engine.classic.preprocessing import Preprocessing
from vlm.engine.classic.vgg import BLOCKS, DENSE, STRIDE_PX, Vgg16
from vlm.errors import BadRequest, NotFound
from vlm.lab.optional_deps import import_optional

State = dict[str, Tensor]

WHERE: Final = (
    "take torchvision's vgg16-397923af.pth or Keras' vgg16_weights_tf_dim_ordering_tf_kernels.h5 (with top)"
)


def open_published(path: Path) -> tuple[Vgg16, Preprocessing]:
    """The network in the file at `path`, with its width, and the preprocessing of its pictures.

    Raises:  NotFound; BadRequest for a file that is no VGG16.
    """
    if not path.is_file():
        raise NotFound(f"There is no file {path}; {WHERE}.")
    state, preprocessing = _read(path)
    if missing := [name for name in _parameters() if name not in state]:
        raise BadRequest(f"{path} is no whole VGG16: it lacks {missing[0]}; {WHERE}.")
    vgg = _network_for(state)
    for name, parameter in vgg.state_dict().items():
        if state[name].shape != parameter.shape:
            shape, right = tuple(state[name].shape), tuple(parameter.shape)
            raise BadRequest(f"{path} is another network: {name} is {shape}, not {right}; {WHERE}.")
    vgg.load_state_dict({name: state[name].float() for name in vgg.state_dict()}, assign=True)
    return vgg, preprocessing


def _parameters() -> list[str]:
    return [f"{place}.{kind}" for place in keras_names().values() for kind in ("weight", "bias")]


def _network_for(state: State) -> Vgg16:
    """A network of the state's width, for pictures of its size."""
    width = len(state["classifier.3.bias"]) / DENSE
    cells = state["classifier.0.weight"].shape[-1] / len(state["features.28.bias"])
    with torch.device("meta"):  # no random weights, as they are replaced at once
        return Vgg16(width=width, side_px=max(1, round(cells**0.5)) * STRIDE_PX)


def _read(path: Path) -> tuple[State, Preprocessing]:
    try:
        if path.suffix in (".h5", ".hdf5"):
            return _keras(path), "caffe"
        state = load_file(path) if path.suffix == ".safetensors" else _pickled(path)
    except (OSError, RuntimeError, ValueError, EOFError, pickle.UnpicklingError, SafetensorError) as error:
        raise BadRequest(f"{path} cannot be read as weights; {WHERE}.") from error
    return state, "torch"


def _pickled(path: Path) -> State:
    """Load tensors only: no code of the file runs."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(state, dict):
        raise ValueError("not a state dict")
    return {name: value for name, value in state.items() if isinstance(value, Tensor)}


def keras_names() -> dict[str, str]:
    """The layers of Keras, each with the place that torchvision gives it."""
    names, place = {}, 0
    for block, (depth, _) in enumerate(BLOCKS, 1):
        for layer in range(1, depth + 1):
            names[f"block{block}_conv{layer}"] = f"features.{place}"
            place += 2  # the ReLU
        place += 1  # the pool
    return names | {"fc1": "classifier.0", "fc2": "classifier.3"}


def _keras(path: Path) -> State:
    state: State = {}
    channels = 0
    with import_optional("h5py").File(path) as file:
        layers = file.get("model_weights", file)  # a saved model keeps its weights one level down
        for layer, place in keras_names().items():
            for array in _arrays(layers[layer]) if layer in layers else ():
                if array.ndim == 1:
                    state[f"{place}.bias"] = array
                else:
                    state[f"{place}.weight"] = _to_torch(array, channels)
                    channels = array.shape[-1]
    return state


def _arrays(group: Any) -> Iterator[Tensor]:
    """All arrays below a layer, whatever its version of Keras called them."""
    for item in group.values():
        if hasattr(item, "dtype"):
            yield torch.from_numpy(item[()])
        else:
            yield from _arrays(item)


def _to_torch(kernel: Tensor, channels: int) -> Tensor:
    """A kernel of Keras as torch has it; `channels` come out of the layer before."""
    if kernel.ndim == 4:
        return kernel.permute(3, 2, 0, 1).contiguous()  # HWIO -> OIHW
    side = round((kernel.shape[0] / max(1, channels)) ** 0.5)
    if side > 1:  # fc1 reads [rows, columns, channels]
        kernel = kernel.reshape(side, side, channels, -1).permute(2, 0, 1, 3).flatten(0, 2)
    return kernel.T.contiguous()
