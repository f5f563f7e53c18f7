"""Pictures and words in one space: the image-text contrastive (ITC) head of `Blip2ForImageTextRetrieval`.

    N pictures or queries, Q query tokens, D their width, L length of a query, E width of the shared space,
    P patches + 1, V width of the vision tower

A picture has Q vectors and a query one; their similarity is the largest of the Q products.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn.functional import normalize
from transformers import Blip2ForImageTextRetrieval

from vlm.engine import vision
from vlm.engine.prompts import ids


class Itc:
    """The contrastive head of a checkpoint. `model` may share its vision blocks with the generative one."""

    def __init__(self, model: Blip2ForImageTextRetrieval, tokenizer: Any) -> None:
        self.model = model
        self._tokenizer = tokenizer
        qformer: Any = model.config.qformer_config
        self._longest: int = qformer.max_position_embeddings

    def vectors(self, seen: torch.Tensor) -> torch.Tensor:
        """Unit vectors of pictures, from the tower's state before its last norm: [N, P, V] -> [N, Q, E]."""
        found = vision.query(self.model, seen)  # [N, Q, D]
        return normalize(self.model.vision_projection(self._plain(found)).float(), dim=-1)

    def embed_text(self, queries: Sequence[str]) -> torch.Tensor:
        """Unit vectors of search queries: [N, E]. What is too long for the checkpoint loses its end."""
        rows = [self._ids(query) for query in queries]
        width = max(map(len, rows))
        pad = self._tokenizer.pad_token_id or 0
        padded = [row + [pad] * (width - len(row)) for row in rows]
        mask = [[1] * len(row) + [0] * (width - len(row)) for row in rows]
        device = self.model.query_tokens.device
        embedded = self.model.embeddings(input_ids=torch.tensor(padded, device=device))  # [N, L, D]
        read = self.model.qformer(
            query_embeds=embedded, query_length=0, attention_mask=torch.tensor(mask, device=device)
        )
        first = self._plain(read.last_hidden_state[:, 0])  # [N, D]
        return normalize(self.model.text_projection(first).float(), dim=-1)

    def _ids(self, query: str) -> list[int]:
        found = ids(query, self._tokenizer)
        return found if len(found) <= self._longest else [*found[: self._longest - 1], found[-1]]

    def _plain(self, states: torch.Tensor) -> torch.Tensor:
        # The Q-Former stays in fp32 where the rest is fp16.
        return states.to(self.model.vision_projection.weight.dtype)
