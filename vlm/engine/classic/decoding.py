"""Captions from features: the most probable word each time, or the best of several beams. Batched.

    B pictures, K beams, T words, V words known, H hidden

A caption's score is the logarithm of its probability; finished captions are compared by their score over
their length ** `length_penalty`, or the shortest would always win.
"""

import torch
from torch import Tensor

from vlm.engine.classic.merge import Heard, Merge
from vlm.engine.classic.words import END, PAD, START, UNKNOWN

NEVER = (PAD, START, UNKNOWN)  # said of no picture
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
    seen = merge.seen(features).repeat_interleave(beams, 0)  # [B*K, H]
    heard = merge.silence(batch * beams)
    said = torch.full((batch, beams, 1), START, device=features.device)  # [B, K, T]
    scores = features.new_full((batch, beams), -torch.inf)
    scores[:, 0] = 0  # all beams begin alike: only one may branch at first
    lengths = torch.zeros_like(scores)
    for _ in range(longest):
        logits, heard = merge.step(seen, said[..., -1].flatten(), heard)
        going = said[..., -1] != END  # [B, K]
        lengths = lengths + going
        beam, word, scores = _best(scores, _log_probabilities(logits, going), lengths, length_penalty)
        said = torch.cat([_taken(said, beam), word[..., None]], 2)
        lengths = lengths.gather(1, beam)
        heard = _reordered(heard, beam)
        if (said[..., -1] == END).all():
            break
    best = (scores / lengths**length_penalty).argmax(1, keepdim=True)  # [B, 1]
    return _taken(said, best)[:, 0, 1:], scores.gather(1, best)[:, 0]


def _log_probabilities(logits: Tensor, going: Tensor) -> Tensor:
    """[B*K, V] -> [B, K, V]; a finished caption says END for nothing."""
    batch, beams = going.shape
    logits = logits.float().view(batch, beams, -1).clone()
    logits[..., NEVER] = -torch.inf
    chances = logits.log_softmax(-1)
    silent = torch.full_like(chances[0, 0], -torch.inf)
    silent[END] = 0
    return torch.where(going[..., None], chances, silent)


def _best(
    scores: Tensor, chances: Tensor, lengths: Tensor, length_penalty: float
) -> tuple[Tensor, Tensor, Tensor]:
    """The K best continuations of all beams of a picture: their beam, word and score, each [B, K]."""
    _, beams, words = chances.shape
    total = (scores[..., None] + chances).flatten(1)  # [B, K*V]
    fair = total / (lengths**length_penalty).repeat_interleave(words, 1)
    place = fair.topk(beams, 1).indices  # [B, K]
    return place // words, place % words, total.gather(1, place)


def _taken(said: Tensor, beam: Tensor) -> Tensor:
    """The chosen beams of each picture, [B, K, T]."""
    return said.gather(1, beam[..., None].expand(-1, -1, said.shape[2]))


def _reordered(heard: Heard, beam: Tensor) -> Heard:
    batch, beams = beam.shape
    rows = (beam + torch.arange(batch, device=beam.device)[:, None] * beams).flatten()  # [B*K]
    return Heard(heard.hidden[:, rows], heard.cell[:, rows])
