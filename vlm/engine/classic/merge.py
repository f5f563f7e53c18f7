"""The merge model: picture and words are merged after the LSTM, not inside it.

B pictures, T words, D width of a feature, E of an embedding, H of everything hidden, V words known

feature [B, D] ──► dense [B, H] ───────────────┐
                                               ├─ + ─► dense [B, H] ─► next word [B, V]
words [B, T] ──► embedding [B, T, E] ─► LSTM ──┘
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from vlm.engine.classic.words import PAD


class LstmState(NamedTuple):
    """The state of the LSTM after the words so far, each [1, B, H]."""

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
        encoded, _ = self.lstm(self.dropout(self.embedding(words)))  # [B, T, H]
        return self._merged(self.project(features)[:, None], encoded)

    def project(self, features: Tensor) -> Tensor:
        """The picture's side of the merger, computed once per picture: [B, D] -> [B, H]."""
        return torch.relu(self.picture(self.dropout(features)))

    def initial_state(self, pictures: int) -> LstmState:
        """The state before the first word."""
        zeros = self.word.weight.new_zeros(1, pictures, self.hidden)
        return LstmState(zeros, zeros)

    def step(self, picture: Tensor, words: Tensor, state: LstmState) -> tuple[Tensor, LstmState]:
        """The logits after one more word, and the new state: [B, H], [B] -> [B, V]."""
        encoded, new_state = self.lstm(self.embedding(words)[:, None], tuple(state))  # [B, 1, H]
        return self._merged(picture, encoded[:, 0]), LstmState(*new_state)

    def _merged(self, picture: Tensor, words: Tensor) -> Tensor:
        logits: Tensor = self.word(torch.relu(self.dense(self.dropout(picture + words))))
        return logits
