"""Data of the text phase: a fixed set of pictures, encoded once, and ever new texts about them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset
from transformers import PreTrainedTokenizerFast

from vlm.lab.glyphs import Glyphs, training_glyphs
from vlm.lab.training_data import BatchTexts, HeadTargets, TextPacker, head_targets, render, training_scene

TEXT_TOKENS = 80  # tokens of packed text a picture: the picture is encoded already
TURN_ODDS = (0.72, 0.1, 0.06, 0.05, 0.04, 0.03)  # odds of 0, 1, ... earlier turns
CAPTION_WEIGHT = 3.0  # captions must name everything in the picture: the harder task


class SceneImages(Dataset[Tensor]):
    """Pixels alone, batch n of a series: [size, 3, H, W] uint8."""

    def __init__(self, *, series: int, size: int, glyphs: Path | None = None) -> None:
        self.size, self._series, self._folder = size, series, glyphs
        self._glyphs: Glyphs | None = None

    def __getitem__(self, number: int) -> Tensor:
        self._glyphs = self._glyphs or training_glyphs(self._folder)
        rng = np.random.default_rng((self._series, number, 2))
        scenes = [training_scene(self._series, number * self.size + i) for i in range(self.size)]
        return torch.from_numpy(np.stack([render(drawn, self._glyphs, rng) for drawn in scenes]))


@dataclass(frozen=True, slots=True)
class TextBatch:
    """Some pictures of the set, by number, with their texts and targets."""

    pictures: Tensor  # [B]
    texts: BatchTexts
    targets: HeadTargets


class TextBatches(Dataset[TextBatch]):
    """Batch n of captions, questions and answers about some of `pictures` pictures."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast, *, series: int, pictures: int, size: int) -> None:
        self._tokenizer, self._series, self._pictures, self._size = tokenizer, series, pictures, size
        self._texts: TextPacker | None = None

    def __getitem__(self, number: int) -> TextBatch:
        self._texts = self._texts or TextPacker(self._tokenizer, TURN_ODDS, CAPTION_WEIGHT)
        rng = np.random.default_rng((self._series, number, 3))
        chosen = rng.choice(self._pictures, size=min(self._size, self._pictures), replace=False)
        scenes = [training_scene(self._series, int(picture)) for picture in chosen]
        texts = BatchTexts(self._texts.pack(scenes, rng, TEXT_TOKENS), self._texts.search(scenes, rng))
        return TextBatch(torch.from_numpy(chosen), texts, head_targets(scenes))
