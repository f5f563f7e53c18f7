"""Captions from features: the most probable word each time, or the best of several beams. Batched.

    B pictures, K beams, T words, V words in the vocabulary, H hidden

A caption's score is the logarithm of its probability; finished captions are compared by their score divided
by their length ** `length_penalty`, as otherwise the shortest would always win.
"""

import torch
from torch import Tensor

from vlm.engine.classic.merge import LstmState, Merge
from vlm.engine.classic.words import END, PAD, START, UNKNOWN

NEVER = (PAD, START, UNKNOWN)  # never part of a caption
LENGTH_PENALTY = 1.0


@torch.no_grad()
def decode(
    merge: Merge,
    features: Tensor,
    *,
    longest: int,
    beams: int = 1,
    length_penalty: float = LENGTH_PENALTY,
) -> tuple[Tensor, Tensor]:
    """The best caption of each picture, and the logarithm of its probability. One beam is greedy decoding.

    Shapes:  features [B, D] -> words [B, T] with END after the last, padded with END; scores [B].
    """
    batch = len(features)
    pictures = merge.project(features).repeat_interleave(beams, 0)  # [B*K, H]
    state = merge.initial_state(batch * beams)
    ids = torch.full((batch, beams, 1), START, device=features.device)  # [B, K, T]
    scores = features.new_full((batch, beams), -torch.inf)
    scores[:, 0] = 0  # all beams are equal at first: only one may branch
    lengths = torch.zeros_like(scores)
    for _ in range(longest):
        logits, state = merge.step(pictures, ids[..., -1].flatten(), state)
        unfinished = ids[..., -1] != END  # [B, K]
        lengths = lengths + unfinished
        beam, word, scores = _best(scores, _log_probabilities(logits, unfinished), lengths, length_penalty)
        ids = torch.cat([_chosen(ids, beam), word[..., None]], 2)
        lengths = lengths.gather(1, beam)
        state = _reordered(state, beam)
        if (ids[..., -1] == END).all():
            break
    best = (scores / lengths**length_penalty).argmax(1, keepdim=True)  # [B, 1]
    return _chosen(ids, best)[:, 0, 1:], scores.gather(1, best)[:, 0]


def _log_probabilities(logits: Tensor, unfinished: Tensor) -> Tensor:
    """[B*K, V] -> [B, K, V]; a finished caption continues with END at no cost."""
    batch, beams = unfinished.shape
    logits = logits.float().view(batch, beams, -1).clone()
    logits[..., NEVER] = -torch.inf
    log_probabilities = logits.log_softmax(-1)
    only_end = torch.full_like(log_probabilities[0, 0], -torch.inf)
    only_end[END] = 0
    return torch.where(unfinished[..., None], log_probabilities, only_end)


def _best(
    scores: Tensor, log_probabilities: Tensor, lengths: Tensor, length_penalty: float
) -> tuple[Tensor, Tensor, Tensor]:
    """The K best continuations of all beams of a picture: their beam, word and score, each [B, K]."""
    _, beams, words = log_probabilities.shape
    total = (scores[..., None] + log_probabilities).flatten(1)  # [B, K*V]
    normalized = total / (lengths**length_penalty).repeat_interleave(words, 1)
    index = normalized.topk(beams, 1).indices  # [B, K]
    return index // words, index % words, total.gather(1, index)


def _chosen(ids: Tensor, beam: Tensor) -> Tensor:
    """The chosen beams of each picture, [B, K, T]."""
    return ids.gather(1, beam[..., None].expand(-1, -1, ids.shape[2]))


def _reordered(state: LstmState, beam: Tensor) -> LstmState:
    batch, beams = beam.shape
    rows = (beam + torch.arange(batch, device=beam.device)[:, None] * beams).flatten()  # [B*K]
    return LstmState(state.hidden[:, rows], state.cell[:, rows])
