"""From pixels to what the Q-Formers answer; one pass of a vision tower can feed two of them.

    B pictures, P patches + 1, V width of the vision tower, Q query tokens, D their width

A model here is any with `vision_model`, `query_tokens` and `qformer`: both BLIP-2 classes have them.
"""

from typing import Any

import torch

LAST_NORM = "post_layernorm."  # each checkpoint has its own, also where the blocks before it are the same


def see(model: Any, pixels: torch.Tensor) -> torch.Tensor:
    """The tower's state before its last norm, which belongs to one checkpoint alone."""
    tower = model.vision_model
    return tower.encoder(inputs_embeds=tower.embeddings(pixels)).last_hidden_state  # type: ignore[no-any-return] # [B, P, V]


def query(model: Any, seen: torch.Tensor) -> torch.Tensor:
    """What the query tokens of `model` make of a picture."""
    seen = model.vision_model.post_layernorm(seen)  # [B, P, V]
    asked = model.query_tokens.expand(len(seen), -1, -1)  # [B, Q, D]
    everything = torch.ones(seen.shape[:2], dtype=torch.long, device=seen.device)  # [B, P]
    found = model.qformer(query_embeds=asked, encoder_hidden_states=seen, encoder_attention_mask=everything)
    return found.last_hidden_state  # type: ignore[no-any-return] # [B, Q, D]


def same_tower(one: Any, other: Any) -> bool:
    """Whether two models see alike up to the last norm, so that one pass can serve both."""
    left, right = (model.vision_model.state_dict() for model in (one, other))
    blocks = [name for name in left if not name.startswith(LAST_NORM)]
    if left.keys() != right.keys():
        return False
    return all(
        left[name].shape == right[name].shape and torch.equal(left[name], right[name]) for name in blocks
    )


def share_tower(giver: Any, taker: Any) -> None:
    """Let `taker` use the blocks of `giver`, so that they stand in memory once."""
    taker.vision_model.embeddings = giver.vision_model.embeddings
    taker.vision_model.encoder = giver.vision_model.encoder
