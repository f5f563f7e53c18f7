"""The merge model: the picture meets the words after the LSTM, not inside it.

B pictures, T words, D width of a feature, E of an embedding, H of everything hidden, V words known

feature [B, D] ──► dense [B, H] ───────────────┐
                                               ├─ + ─► dense [B, H] ─► next word [B, V]
words [B, T] ──► embedding [B, T, E] ─► LSTM ──┘
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from vlm.engine.classic.words import PAD


class Heard(NamedTuple):
    """What the LSTM remembers of the words so far, each [1, B, H]."""

    hidden: Tensor
    cell: Tensor


class Merge(nn.Module):
    """Predicts the next word of a caption.

    Source:  Tanti, Gatt and Camilleri 2017, 'What is the role of recurrent neural networks (RNNs) in an
             image caption generator?'
    """

    def __init__(self, *, feature: int, words: int, embedding: int = 256, hidden: int = 256) -> None:
        super().__init__()
        self.hidden = hidden
        self.dropout = nn.Dropout()
        self.picture = nn.Linear(feature, hidden)
        self.embedding = nn.Embedding(words, embedding, padding_idx=PAD)
        self.lstm = nn.LSTM(embedding, hidden, batch_first=True)
        self.dense = nn.Linear(hidden, hidden)
        self.word = nn.Linear(hidden, words)

    def forward(self, features: Tensor, words: Tensor) -> Tensor:
        """The next word after each of `words`.

        Shapes:  [B, D], [B, T] -> logits [B, T, V].
        """
        heard, _ = self.lstm(self.dropout(self.embedding(words)))  # [B, T, H]
        return self._merged(self.seen(features)[:, None], heard)

    def seen(self, features: Tensor) -> Tensor:
        """The picture's side of the merger, once a picture: [B, D] -> [B, H]."""
        return torch.relu(self.picture(self.dropout(features)))

    def silence(self, pictures: int) -> Heard:
        """What is heard before the first word."""
        nothing = self.word.weight.new_zeros(1, pictures, self.hidden)
        return Heard(nothing, nothing)

    def step(self, seen: Tensor, words: Tensor, heard: Heard) -> tuple[Tensor, Heard]:
        """One word further: [B, H], [B] -> logits [B, V]."""
        said, state = self.lstm(self.embedding(words)[:, None], tuple(heard))  # [B, 1, H]
        return self._merged(seen, said[:, 0]), Heard(*state)

    def _merged(self, seen: Tensor, heard: Tensor) -> Tensor:
        logits: Tensor = self.word(torch.relu(self.dense(self.dropout(seen + heard))))
        return logits
