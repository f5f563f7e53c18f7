"""Pixels as the weights expect them: a property of the weights, which is saved with them.

    B pictures, S pixels a side

    torch    RGB of 0 to 1, minus ImageNet's mean, divided by its deviation: torchvision's weights, and ours
    caffe    BGR of 0 to 255, minus ImageNet's mean: the original weights, which Keras publishes

Oblong pictures are squashed, not cropped: captions also name what is at the edge.
"""

from typing import Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

Preprocessing = Literal["torch", "caffe"]

RGB_MEAN: Final = (0.485, 0.456, 0.406)
RGB_DEVIATION: Final = (0.229, 0.224, 0.225)
BGR_MEAN: Final = (103.939, 116.779, 123.68)


def squashed(image: Image.Image, side_px: int) -> NDArray[np.uint8]:
    """An RGB picture as [S, S, 3]."""
    return np.asarray(image.resize((side_px, side_px), Image.Resampling.BILINEAR))


def normalised(pictures: Tensor, preprocessing: Preprocessing) -> Tensor:
    """[B, S, S, 3] of 0 to 255 -> [B, 3, S, S] float32."""
    rgb = pictures.permute(0, 3, 1, 2).float()  # [B, 3, S, S]
    if preprocessing == "caffe":
        return rgb.flip(1) - _column(BGR_MEAN, rgb)
    return (rgb / 255 - _column(RGB_MEAN, rgb)) / _column(RGB_DEVIATION, rgb)


def _column(values: tuple[float, ...], like: Tensor) -> Tensor:
    return torch.tensor(values, device=like.device)[:, None, None]  # [3, 1, 1]
