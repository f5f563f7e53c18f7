"""The caption phase: trains the merge model on fixed features.

N pictures, C captions of all, B a batch of them, T words, D width of a feature, R renderings of a picture
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import torch
import torch.nn.functional as nnf
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from vlm.engine.classic.merge import Merge
from vlm.engine.classic.words import PAD, Words
from vlm.lab.classic.features import Features
from vlm.lab.classic.fit import Score

BATCH: Final = 256


class CaptionSet(NamedTuple):
    """Features of one split, its captions as token ids, and the picture of each caption."""

    features: Features  # [N, R, D]
    captions: list[Tensor]  # C of [T]
    pictures: NDArray[Any]  # [C]


def caption_set(
    features: Features, captions: Sequence[Sequence[str]], words: Words, longest: int
) -> CaptionSet:
    """Every caption of every picture."""
    ids = [torch.tensor(words.ids(caption, longest)) for captions_set in captions for caption in captions_set]
    pictures = np.repeat(np.arange(len(captions)), [len(captions_set) for captions_set in captions])
    return CaptionSet(features, ids, pictures)


class CaptionPhase:
    """`vlm.lab.classic.fit.Phase`; accuracy: the share of correct next words, including the end."""

    name = "words"

    def __init__(self, module: Merge, train: CaptionSet, val: CaptionSet, *, seed: int) -> None:
        self.module: nn.Module = module
        self.seed = seed
        self._train, self._val = train, val

    def steps(self) -> int:
        return -(-len(self._train.captions) // BATCH)

    def batches(self, epoch: int) -> Iterator[Any]:
        rng = np.random.default_rng((self.seed, epoch))
        batches = _of_one_length(self._train, rng.permutation(len(self._train.captions)))
        for place in rng.permutation(len(batches)):
            rows = batches[place]
            yield _batch(self._train, rows, rng.integers(self._train.features.shape[1], size=len(rows)))

    def held_out(self) -> Iterator[Any]:
        for rows in _of_one_length(self._val, np.arange(len(self._val.captions))):
            yield _batch(self._val, rows, np.zeros(len(rows), int))

    def score(self, batch: Any) -> Score:
        features, captions = batch
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = self.module(features, captions[:, :-1]).float()  # [B, T-1, V]
        following = captions[:, 1:]
        counts = following != PAD
        loss = nnf.cross_entropy(logits.flatten(0, 1), following.flatten(), ignore_index=PAD)
        right = (logits.argmax(-1) == following) & counts
        return Score(loss, int(right.sum()), int(counts.sum()))


def _of_one_length(captions_set: CaptionSet, order: NDArray[Any]) -> list[NDArray[Any]]:
    """Batches of captions of similar length, because padding costs as much as words."""
    lengths = np.array([len(captions_set.captions[row]) for row in order])
    order = order[np.argsort(lengths, kind="stable")]
    return [order[start : start + BATCH] for start in range(0, len(order), BATCH)]


def _batch(captions_set: CaptionSet, rows: NDArray[Any], renderings: NDArray[Any]) -> tuple[Tensor, Tensor]:
    """Features [B, D] and captions [B, T], padded."""
    features = torch.from_numpy(captions_set.features[captions_set.pictures[rows], renderings]).float()
    return features, pad_sequence(
        [captions_set.captions[row] for row in rows], batch_first=True, padding_value=PAD
    )
