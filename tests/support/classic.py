"""For the tests of the classic captioner: pictures with captions, VGG16 in plain numpy."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

COLOURS = {"red": (220, 30, 30), "green": (20, 160, 40), "blue": (30, 60, 220), "yellow": (240, 220, 40)}
Array = NDArray[np.float64]


def write_pictures(folder: Path, per_split: dict[str, int]) -> Path:
    """A Flickr8k of plain pictures, two captions each."""
    (folder / "Flicker8k_Dataset").mkdir(parents=True)
    lists = {"train": "trainImages", "val": "devImages", "test": "testImages"}
    captions = []
    for split, count in per_split.items():
        names = [f"{split}{number}.jpg" for number in range(count)]
        (folder / f"Flickr_8k.{lists[split]}.txt").write_text("\n".join(names) + "\n")
        for number, name in enumerate(names):
            colour = [*COLOURS][number % len(COLOURS)]
            Image.new("RGB", (48, 40), COLOURS[colour]).save(folder / "Flicker8k_Dataset" / name)
            captions += [f"{name}#0\tA {colour} wall .", f"{name}#1\ta wall that is {colour}"]
    (folder / "Flickr8k.token.txt").write_text("\n".join(captions) + "\n")
    return folder


def keras_vgg(arrays: dict[str, Array], image: Array) -> dict[str, Array]:
    """VGG16 as Keras computes it, in numpy: what each layer gives for one picture [S, S, 3]."""
    outputs, activations = {}, image
    for layer in (name for name in arrays if name.endswith("/kernel")):
        name = layer.removesuffix("/kernel")
        kernel, bias = arrays[layer], arrays[f"{name}/bias"]
        if name.startswith("fc"):
            activations = np.maximum(activations.reshape(-1) @ kernel + bias, 0)
        else:
            if name.endswith("conv1") and name != "block1_conv1":
                activations = _pooled(activations)
            activations = np.maximum(_convolved(activations, kernel) + bias, 0)
        if name == "block5_conv3":
            outputs[name], activations = activations, _pooled(activations)
        else:
            outputs[name] = activations
    return outputs


def _convolved(image: Array, kernel: Array) -> Array:
    """3 x 3, same size: [H, W, I], [3, 3, I, O] -> [H, W, O]."""
    height, width, _ = image.shape
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)))
    parts = [padded[r : r + height, c : c + width] @ kernel[r, c] for r in range(3) for c in range(3)]
    return np.sum(parts, axis=0)


def _pooled(image: Array) -> Array:
    height, width, channels = image.shape
    return image.reshape(height // 2, 2, width // 2, 2, channels).max(axis=(1, 3))
