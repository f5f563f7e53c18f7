"""VGG16 as it was published: 13 convolutions in 5 blocks, then two dense layers. No batch norm.

    B pictures, C channels, S pixels a side, D width of the dense layers

    block   1     2     3     4     5      fc1, fc2
    layers  2     2     3     3     3      1, 1
    width   64    128   256   512   512    4096         times the multiplier
    side    S     S/2   S/4   S/8   S/16   (S/32)²

The modules have the names of torchvision's, so its weights load as they are:
features.0 ... features.28 are the convolutions, classifier.0 and classifier.3 the dense layers.
"""

from typing import Final

import torch
from torch import Tensor, nn

BLOCKS: Final = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))  # convolutions, channels
DENSE: Final = 4096
PUBLISHED_PX: Final = 224
STRIDE_PX: Final = 32  # five pools


class Vgg16(nn.Module):
    """The network up to fc2, whose 4,096 numbers (times `width`) are a picture's features.

    Source:  Simonyan and Zisserman 2015, configuration D.
    """

    def __init__(self, *, width: float = 1.0, side_px: int = PUBLISHED_PX) -> None:
        super().__init__()
        self.width, self.side_px = width, side_px
        self.features, channels = _convolutions(width)
        self.dense = _scaled(DENSE, width)
        self.classifier = nn.Sequential(
            nn.Linear(channels * (side_px // STRIDE_PX) ** 2, self.dense),
            nn.ReLU(),
            nn.Dropout(),
            nn.Linear(self.dense, self.dense),
            nn.ReLU(),
        )
        self.apply(_initialize)

    def forward(self, pixels: Tensor) -> Tensor:
        """fc2 after its ReLU.

        Shapes:  [B, 3, S, S] as `preprocessing` leaves them -> [B, D].
        """
        maps = self.features(pixels.contiguous(memory_format=torch.channels_last))  # [B, C, S/32, S/32]
        dense: Tensor = self.classifier(
            maps.flatten(1)
        )  # C, then rows, then columns, as in torchvision's fc1
        return dense


def _convolutions(width: float) -> tuple[nn.Sequential, int]:
    layers: list[nn.Module] = []
    inputs = 3
    for depth, channels in BLOCKS:
        for _ in range(depth):
            layers += [nn.Conv2d(inputs, _scaled(channels, width), 3, padding=1), nn.ReLU(inplace=True)]
            inputs = _scaled(channels, width)
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers).to(memory_format=torch.channels_last), inputs  # type: ignore[call-overload]


def _scaled(channels: int, width: float) -> int:
    return max(1, round(channels * width))


def _initialize(module: nn.Module) -> None:
    """He initialization keeps the signal through 15 layers without normalization."""
    if isinstance(module, nn.Conv2d | nn.Linear) and module.bias is not None:
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        nn.init.zeros_(module.bias)
