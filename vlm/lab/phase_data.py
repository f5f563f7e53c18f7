"""What the last phase reads: a fixed set of pictures, seen once, and ever new talk about them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset
from transformers import PreTrainedTokenizerFast

from vlm.lab.data import Texts, Told, Truth, photograph, training_scene, truths
from vlm.lab.glyphs import Glyphs, training_glyphs

LONG_TEXT = 80  # tokens of packed text a picture: here the picture costs nothing
LONG_TALKS = (0.72, 0.1, 0.06, 0.05, 0.04, 0.03)  # odds of 0, 1, ... earlier turns
CAPTION_WEIGHT = 3.0  # what the tower sees, a caption must say in full: the harder task


class Pictures(Dataset[Tensor]):
    """Pixels alone, batch n of a series: [size, 3, H, W] uint8."""

    def __init__(self, *, series: int, size: int, glyphs: Path | None = None) -> None:
        self.size, self._series, self._folder = size, series, glyphs
        self._glyphs: Glyphs | None = None

    def __getitem__(self, number: int) -> Tensor:
        self._glyphs = self._glyphs or training_glyphs(self._folder)
        rng = np.random.default_rng((self._series, number, 2))
        scenes = [training_scene(self._series, number * self.size + i) for i in range(self.size)]
        return torch.from_numpy(np.stack([photograph(drawn, self._glyphs, rng) for drawn in scenes]))


@dataclass(frozen=True, slots=True)
class Talk:
    """Some pictures of the set, by number, and what is said about them."""

    pictures: Tensor  # [B]
    told: Told
    truth: Truth


class Review(Dataset[Talk]):
    """Batch n of captions, questions and answers about some of `pictures` pictures."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast, *, series: int, pictures: int, size: int) -> None:
        self._tokenizer, self._series, self._pictures, self._size = tokenizer, series, pictures, size
        self._texts: Texts | None = None

    def __getitem__(self, number: int) -> Talk:
        self._texts = self._texts or Texts(self._tokenizer, LONG_TALKS, CAPTION_WEIGHT)
        rng = np.random.default_rng((self._series, number, 3))
        chosen = rng.choice(self._pictures, size=min(self._size, self._pictures), replace=False)
        scenes = [training_scene(self._series, int(picture)) for picture in chosen]
        told = Told(self._texts.pack(scenes, rng, LONG_TEXT), self._texts.search(scenes, rng))
        return Talk(torch.from_numpy(chosen), told, truths(scenes))
