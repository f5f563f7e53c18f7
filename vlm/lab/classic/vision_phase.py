"""The vision phase: trains a narrow VGG16 with the words of the captions as labels.

    B pictures, N all of them, L words that are learned, S pixels a side, D width of a feature

A linear layer on fc2 predicts for each word the share of a picture's captions that use it. No other labels
are needed. The layer is discarded afterwards.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import torch
import torch.nn.functional as nnf
from numpy.typing import NDArray
from torch import Tensor, nn

from vlm.engine.classic.preprocessing import normalised
from vlm.engine.classic.vgg import Vgg16
from vlm.engine.classic.words import SPECIALS, Words, tokenize
from vlm.lab.classic.features import Pixels, rows_of
from vlm.lab.classic.fit import Score

BATCH: Final = 64
COMMON: Final = 0.5  # share of pictures: more common words are no labels
SIDES: Final = frozenset({"left", "right"})


class LabelledImages(NamedTuple):
    """Pictures of one split, and the share of each one's captions that use each word."""

    pixels: Pixels  # [N, S, S, 3]
    shares: Tensor  # [N, L]


def label_words(words: Words, captions: Sequence[Sequence[str]]) -> list[int]:
    """The ids of the words that serve as labels: not in most of the pictures, not a comma."""
    shares = word_shares(words, captions, range(len(SPECIALS), len(words)))
    used = (shares > 0).float().mean(0)
    comma = [word == "," for word in words.known]
    chosen = (used < COMMON) & (used > 0) & ~torch.tensor(comma)
    return [len(SPECIALS) + int(place) for place in chosen.nonzero().flatten()]


def word_shares(words: Words, captions: Sequence[Sequence[str]], chosen: Sequence[int]) -> Tensor:
    """How many of each picture's captions use each chosen word, as a share: [N, L]."""
    place = {words.known[number - len(SPECIALS)]: column for column, number in enumerate(chosen)}
    shares = torch.zeros(len(captions), len(chosen))
    for row, image_captions in enumerate(captions):
        for caption in image_captions:
            for word in {*tokenize(caption)} & place.keys():
                shares[row, place[word]] += 1 / len(image_captions)
    return shares


class VisionClassifier(nn.Module):
    """VGG16 with a linear layer that predicts words."""

    def __init__(self, vgg: Vgg16, shares: Tensor) -> None:
        super().__init__()
        self.vgg = vgg
        self.names = nn.Linear(vgg.dense, shares.shape[1])
        nn.init.zeros_(self.names.weight)
        usual = shares.mean(0).clamp(1e-4, 1 - 1e-4)
        self.names.bias.data.copy_(torch.logit(usual))  # start at each word's frequency

    def forward(self, pixels: Tensor) -> Tensor:
        named: Tensor = self.names(self.vgg(pixels))  # [B, L]
        return named


class VisionPhase:
    """`vlm.lab.classic.fit.Phase`; accuracy: of a picture's n words, the share among the n likeliest."""

    name = "sight"

    def __init__(
        self,
        module: VisionClassifier,
        train: LabelledImages,
        val: LabelledImages,
        *,
        mirrored: bool,
        seed: int,
    ) -> None:
        self.module: nn.Module = module
        self.seed = seed
        self._train, self._val, self._mirrored = train, val, mirrored

    def steps(self) -> int:
        return -(-len(self._train.pixels) // BATCH)

    def batches(self, epoch: int) -> Iterator[Any]:
        order = np.random.default_rng((self.seed, epoch)).permutation(len(self._train.pixels))
        for start in range(0, len(order), BATCH):
            pixels, shares = _batch(self._train, np.sort(order[start : start + BATCH]))
            yield augment(pixels, mirrored=self._mirrored), shares

    def held_out(self) -> Iterator[Any]:
        for start in range(0, len(self._val.pixels), BATCH):
            yield _batch(self._val, np.arange(start, min(start + BATCH, len(self._val.pixels))))

    def score(self, batch: Any) -> Score:
        pixels, shares = batch
        with torch.autocast("cpu", dtype=torch.bfloat16):
            named = self.module(pixels)
        loss = nnf.binary_cross_entropy_with_logits(named.float(), shares, reduction="none").sum(1).mean()
        right, total = _count_correct(named.detach().float(), shares > 0.5)
        return Score(loss, right, total)


def _batch(labelled: LabelledImages, rows: NDArray[Any]) -> tuple[Tensor, Tensor]:
    return normalised(rows_of(labelled.pixels, rows), "torch"), labelled.shares[torch.from_numpy(rows)]


def _count_correct(named: Tensor, present: Tensor) -> tuple[int, int]:
    """How many of the n present words are among the n likeliest, and n."""
    rank = named.argsort(1, descending=True).argsort(1)
    correct = present & (rank < present.sum(1, keepdim=True))
    return int(correct.sum()), int(present.sum())


def augment(pixels: Tensor, *, mirrored: bool) -> Tensor:
    """Pictures rotated, scaled, shifted and lit at random: [B, 3, S, S].

    `mirrored` also mirrors half of them, which is wrong for captions that name left or right.
    """
    batch = len(pixels)
    angle = (torch.rand(batch) - 0.5) * 0.35  # radians
    scale = 1 + (torch.rand(batch, 2) - 0.5) * 0.3
    flip = torch.where(torch.rand(batch) < 0.5, -1.0, 1.0) if mirrored else torch.ones(batch)
    turn = torch.stack([angle.cos() * flip, -angle.sin(), angle.sin() * flip, angle.cos()], 1).view(-1, 2, 2)
    shift = (torch.rand(batch, 2, 1) - 0.5) * 0.16
    matrix = torch.cat([turn * scale[:, :, None], shift], 2)  # [B, 2, 3]
    grid = nnf.affine_grid(matrix, list(pixels.shape), align_corners=False)
    moved = nnf.grid_sample(pixels, grid, padding_mode="border", align_corners=False)
    return moved * (1 + (torch.rand(batch, 1, 1, 1) - 0.5) * 0.2)
