"""Batches of training pairs by number: batch n is always the same.

B pairs, S and T the longest source and target among them
"""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from vlm.lab.languages.pairs import PairSampler, SentencePair
from vlm.lab.languages.tables import CODES
from vlm.lab.languages.tokenizer import END, PAD, language_token

POOL = 16  # batches drawn together and sorted by length, so that little is padding
IGNORED = -100


class TranslationBatch(NamedTuple):
    source: Tensor  # [B, S] ids
    mask: Tensor  # [B, S]
    decoder_input: Tensor  # [B, T] the decoder's input
    labels: Tensor  # [B, T] the next tokens; the language token is given, not predicted


class TranslationBatches:
    def __init__(
        self, pairs: PairSampler, tokenizer: PreTrainedTokenizerFast, *, seed: int, size: int
    ) -> None:
        self._pairs, self._tokenizer, self._seed, self._size = pairs, tokenizer, seed, size
        self._languages = {code: tokenizer.convert_tokens_to_ids(language_token(code)) for code in CODES}

    def stream(self, first: int, end: int) -> Iterator[tuple[int, TranslationBatch]]:
        """Batches from `first` on, with their numbers, before `end`."""
        for pool in range(first // POOL, -(-end // POOL)):
            for place, batch in enumerate(self._pool(pool)):
                if first <= pool * POOL + place < end:
                    yield pool * POOL + place, batch

    def _pool(self, number: int) -> list[TranslationBatch]:
        rng = Random(f"{self._seed} {number}")
        rows = [self.ids(self._pairs.draw(rng)) for _ in range(POOL * self._size)]
        rows.sort(key=lambda row: (len(row[1]), len(row[0])))
        batches = [rows[start : start + self._size] for start in range(0, len(rows), self._size)]
        rng.shuffle(batches)
        return [self.batch(batch) for batch in batches]

    def ids(self, pair: SentencePair) -> tuple[list[int], list[int]]:
        """Source and target as the model reads them."""
        source, target = self._tokenizer([pair.text, pair.translation], add_special_tokens=False).input_ids
        return (
            [self._languages[pair.source], *source, END],
            [END, self._languages[pair.target], *target, END],
        )

    def batch(self, rows: list[tuple[list[int], list[int]]]) -> TranslationBatch:
        source = _padded([source for source, _ in rows], PAD)
        decoder_input = _padded([target[:-1] for _, target in rows], PAD)
        labels = _padded([[IGNORED, *target[2:]] for _, target in rows], IGNORED)
        return TranslationBatch(source, (source != PAD).long(), decoder_input, labels)


def _padded(rows: list[list[int]], pad: int) -> Tensor:
    longest = max(map(len, rows))
    return torch.tensor([row + [pad] * (longest - len(row)) for row in rows])
