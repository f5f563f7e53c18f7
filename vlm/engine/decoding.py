"""How long each text may become: captions and answers are decoded in one batch, each within its own limits.

    B rows of a batch, K beams a row (or candidates of beams): `generate` calls with [B * K, ...], row by row
    V vocabulary

transformers knows one limit for a whole batch. Rows get their own here through its two open doors, a stopping
criterion and a logits processor, and through a length penalty of shape [B, 1], which beam search broadcasts.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from transformers import (
    GenerationConfig,
    LogitsProcessor,
    LogitsProcessorList,
    StoppingCriteria,
    StoppingCriteriaList,
)


class Limits(NamedTuple):
    """Lengths in new tokens. A length penalty below 0 favours short texts; only beams mind it."""

    min_new: int
    max_new: int
    length_penalty: float = 1.0


CAPTION = Limits(8, 30)
DETAILED = Limits(16, 60)  # tokens; BLIP-2 repeats itself when it must go on for longer
ANSWER = Limits(1, 10, -1.0)
BEAMS = 5


def caption_limits(config: GenerationConfig | None) -> Limits:
    """A checkpoint's own limits for captions where it sets them, else those BLIP-2 was evaluated with."""
    return Limits(
        _own(config, "min_new_tokens", CAPTION.min_new),
        _own(config, "max_new_tokens", CAPTION.max_new),
        _own(config, "length_penalty", CAPTION.length_penalty),
    )


def detailed_limits(config: GenerationConfig | None) -> Limits:
    """Longer ones; but a checkpoint's own limits for captions where it sets them: it knows its end."""
    own = _own(config, "min_new_tokens", None) is not None
    return caption_limits(config) if own else DETAILED


def answer_limits(config: GenerationConfig | None) -> Limits:
    """The same for answers; `answer_max_new_tokens` is our own addition, for checkpoints that list things."""
    return ANSWER._replace(max_new=_own(config, "answer_max_new_tokens", ANSWER.max_new))


def beams(config: GenerationConfig | None) -> int:
    """A checkpoint's own number of beams where it sets one, else 5."""
    return int(_own(config, "num_beams", BEAMS))


def _own(config: GenerationConfig | None, name: str, default: Any) -> Any:
    value = getattr(config, name, None)
    return default if value is None else value


def decoding(
    rows: Sequence[Limits], *, beams: int, start: int, ends: Sequence[int], device: torch.device
) -> dict[str, Any]:
    """Arguments of `generate` that keep each row within its own limits.

    `start` is the length of what `generate` counts as prompt: 0 for embeddings given to a decoder, 1 for T5's
    start token. `ends` are the ids that end a text.
    """
    shortest = torch.tensor([row.min_new for row in rows], device=device)  # [B]
    longest = torch.tensor([row.max_new for row in rows], device=device)  # [B]
    arguments: dict[str, Any] = {
        "num_beams": beams,
        "do_sample": False,
        "max_new_tokens": max(row.max_new for row in rows),
        "stopping_criteria": StoppingCriteriaList([Longest(longest, start)]),
        "logits_processor": LogitsProcessorList([Shortest(shortest, start, ends)]),
    }
    if beams > 1:
        penalty = torch.tensor([row.length_penalty for row in rows], device=device)
        arguments["length_penalty"] = penalty[:, None]  # [B, 1]
    return arguments


class Longest(StoppingCriteria):
    """Ends every row at its own length."""

    def __init__(self, longest: torch.Tensor, start: int) -> None:
        self._longest, self._start = longest, start  # [B]

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        new = input_ids.shape[1] - self._start
        full = new >= self._longest  # [B]
        return full.repeat_interleave(input_ids.shape[0] // len(full))  # [B * K]


class Shortest(LogitsProcessor):
    """Forbids a row to end before its own length."""

    def __init__(self, shortest: torch.Tensor, start: int, ends: Sequence[int]) -> None:
        self._shortest, self._start, self._ends = shortest, start, list(ends)  # [B]

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        early = input_ids.shape[1] - self._start < self._shortest  # [B]
        early = early.repeat_interleave(scores.shape[0] // len(early))  # [B * K]
        scores = scores.clone()  # copy: the caller may still hold the raw scores
        scores[:, self._ends] = scores[:, self._ends].masked_fill(early[:, None], -torch.inf)
        return scores  # [B * K, V]
