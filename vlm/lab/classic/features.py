"""Pixels and features of a data set, computed once and stored in the run's folder.

    N pictures, S pixels a side, D width of a feature, R renderings of each picture

    pixels-SPLIT.npy     [N, S, S, 3] uint8, for a VGG16 that is trained here
    features-SPLIT.npy   [N, R, D] float16, of a frozen VGG16; NaN where not yet computed

A run that was stopped does not compute them again.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.lib.format import open_memmap
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from vlm.engine.classic.preprocessing import squashed
from vlm.errors import AfterimageError, BadImage, NotFound
from vlm.images.opening import read_picture
from vlm.lab.datasets.opening import open_captions
from vlm.lab.datasets.records import CaptionedImage
from vlm.lab.datasets.splits import split_by_name
from vlm.worker.decoder_pool import open_own_picture

Pixels = NDArray[np.uint8]  # [N, S, S, 3]
Features = NDArray[np.float16]  # [N, R, D]

BATCH = 32


def open_split(data: Path, layout: str, split: str) -> list[CaptionedImage]:
    """The pictures of one split. Where the data names none, a tenth each, by name, is for val and for test.

    Raises:  NotFound, BadRequest.
    """
    examples = open_captions(data, layout=layout, split=split)
    splits = split_by_name(example.id for example in examples if not example.split)
    chosen = [example for example in examples if splits.get(example.id, split) == split]
    if not chosen:
        raise NotFound(f"{data} has too few pictures to hold some back; please add some: three will do.")
    return chosen


def pixels_of(examples: Sequence[CaptionedImage], side_px: int, path: Path) -> Pixels:
    """All pictures, squashed, in memory that the file at `path` backs."""
    if not path.is_file():
        unfinished = path.with_suffix(".new")
        pixels = open_memmap(unfinished, "w+", np.uint8, (len(examples), side_px, side_px, 3))
        for row, example in enumerate(tqdm(examples, "reading", mininterval=5, leave=False)):
            pixels[row] = read_squashed(example, side_px)
        pixels.flush()
        unfinished.replace(path)
    return np.load(path, mmap_mode="r")  # type: ignore[no-any-return]


def read_squashed(example: CaptionedImage, side_px: int) -> NDArray[np.uint8]:
    """One picture, squashed: [S, S, 3]. Raises BadImage, naming the file."""
    try:
        return squashed(open_own_picture(read_picture(example.image)), side_px)
    except AfterimageError as error:
        raise BadImage(f"{example.image}: {error}") from error


def features_of(
    count: int, width: int, renderings: int, see: Callable[[NDArray[Any], int], Tensor], path: Path
) -> Features:
    """The features of `count` pictures, by `see(rows, rendering)`; computes only the missing ones."""
    if not path.is_file():
        unfinished = path.with_suffix(".new")  # the zeros of a new file would count as features
        features = open_memmap(unfinished, "w+", np.float16, (count, renderings, width))
        features[:] = np.nan
        features.flush()
        unfinished.replace(path)
    features = open_memmap(path, "r+")
    with tqdm(total=count * renderings, desc="looking", mininterval=5, leave=False) as bar:
        for rendering in range(renderings):
            unseen = np.flatnonzero(np.isnan(features[:, rendering, 0]))
            bar.update(count - len(unseen))
            for start in range(0, len(unseen), BATCH):
                rows = unseen[start : start + BATCH]
                features[rows, rendering] = see(rows, rendering).cpu().numpy()
                bar.update(len(rows))
    features.flush()
    return features


def rows_of(pixels: Pixels, rows: NDArray[Any]) -> Tensor:
    """Some of the pictures, [B, S, S, 3] uint8."""
    return torch.from_numpy(pixels[rows])
