"""Decoding: captions and answers in one batch, each within its own limits; and several texts for one prompt.

    B rows of a batch, K beams (or candidates of beams) per row: `generate` passes [B * K, ...], row by row
    C candidates, T new tokens, V vocabulary

transformers has one limit for a whole batch. Here each row has its own, through a stopping criterion, a
logits processor, and a length penalty of shape [B, 1], which beam search broadcasts.
"""

from collections.abc import Sequence
from math import log
from typing import Any, Final, NamedTuple

import torch
from transformers import (
    GenerationConfig,
    LogitsProcessor,
    LogitsProcessorList,
    StoppingCriteria,
    StoppingCriteriaList,
)


class Limits(NamedTuple):
    """Lengths in new tokens. A length penalty below 0 favours short texts; it only affects beam search."""

    min_new: int
    max_new: int
    length_penalty: float = 1.0


CAPTION: Final = Limits(8, 30)
DETAILED: Final = Limits(16, 60)  # BLIP-2 repeats itself when it must go on for longer
ANSWER: Final = Limits(1, 10, -1.0)
BEAMS: Final = 5
CANDIDATES: Final = 6  # beams, and samples, of `likely_texts`
LESS_LIKELY: Final = 3.0  # at most so many times less likely than the best: beyond, small models err


def caption_limits(config: GenerationConfig | None) -> Limits:
    """A checkpoint's own limits for captions, or else those of BLIP-2's evaluation."""
    return Limits(
        _own(config, "min_new_tokens", CAPTION.min_new),
        _own(config, "max_new_tokens", CAPTION.max_new),
        _own(config, "length_penalty", CAPTION.length_penalty),
    )


def detailed_limits(config: GenerationConfig | None) -> Limits:
    """A checkpoint's own limits for captions, as it knows when to end, or else longer ones."""
    own = _own(config, "min_new_tokens", None) is not None
    return caption_limits(config) if own else DETAILED


def answer_limits(config: GenerationConfig | None) -> Limits:
    """The limits for answers; `answer_max_new_tokens` is our addition, for checkpoints that list things."""
    return ANSWER._replace(max_new=_own(config, "answer_max_new_tokens", ANSWER.max_new))


def beams(config: GenerationConfig | None) -> int:
    """A checkpoint's own number of beams, or else 5."""
    return int(_own(config, "num_beams", BEAMS))


def _own(config: GenerationConfig | None, name: str, default: Any) -> Any:
    value = getattr(config, name, None)
    return default if value is None else value


def generate_arguments(
    rows: Sequence[Limits], *, beams: int, start: int, eos_ids: Sequence[int], device: torch.device
) -> dict[str, Any]:
    """Arguments of `generate` that keep each row within its own limits.

    start     length of the prompt as `generate` counts it: 0 for embeddings given to a decoder, 1 for T5
    eos_ids   the ids that end a text
    """
    shortest = torch.tensor([row.min_new for row in rows], device=device)  # [B]
    longest = torch.tensor([row.max_new for row in rows], device=device)  # [B]
    arguments: dict[str, Any] = {
        "num_beams": beams,
        "do_sample": False,
        "max_new_tokens": max(row.max_new for row in rows),
        "stopping_criteria": StoppingCriteriaList([MaxLength(longest, start)]),
        "logits_processor": LogitsProcessorList([MinLength(shortest, start, eos_ids)]),
    }
    if beams > 1:
        penalty = torch.tensor([row.length_penalty for row in rows], device=device)
        arguments["length_penalty"] = penalty[:, None]  # [B, 1]
    return arguments


class MaxLength(StoppingCriteria):
    """Ends each row at its own length."""

    def __init__(self, longest: torch.Tensor, start: int) -> None:
        self._longest, self._start = longest, start  # [B]

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        new = input_ids.shape[1] - self._start
        full = new >= self._longest  # [B]
        return full.repeat_interleave(input_ids.shape[0] // len(full))  # [B * K]


class MinLength(LogitsProcessor):
    """Keeps a row from ending before its own length."""

    def __init__(self, shortest: torch.Tensor, start: int, eos_ids: Sequence[int]) -> None:
        self._shortest, self._start, self._eos_ids = shortest, start, list(eos_ids)  # [B]

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        early = input_ids.shape[1] - self._start < self._shortest  # [B]
        early = early.repeat_interleave(scores.shape[0] // len(early))  # [B * K]
        scores = scores.clone()  # copy: the caller may still hold the raw scores
        scores[:, self._eos_ids] = scores[:, self._eos_ids].masked_fill(early[:, None], -torch.inf)
        return scores  # [B * K, V]


def likely_texts(
    language_model: Any,
    embeds: torch.Tensor,
    mask: torch.Tensor,
    limits: Limits,
    *,
    start: int,
    eos_ids: Sequence[int],
    seed: int,
) -> list[torch.Tensor]:
    """Ids of likely texts for one prompt, each [T]: the beams, best first, then samples; some may be equal.

    embeds, mask      the prompt as the language model reads it, [1, L, M] and [1, L]
    start, eos_ids    as for `generate_arguments`
    """
    prompt = {"inputs_embeds": embeds, "attention_mask": mask}
    arguments = generate_arguments(
        [limits], beams=CANDIDATES, start=start, eos_ids=eos_ids, device=embeds.device
    )
    # without a length penalty, a score is the logarithm of a probability
    arguments |= {"length_penalty": 0.0, "num_return_sequences": CANDIDATES}
    searched = language_model.generate(
        **prompt, **arguments, return_dict_in_generate=True, output_scores=True
    )
    scores = searched.sequences_scores  # [C]
    best = searched.sequences[scores >= scores.max() - log(LESS_LIKELY)]
    arguments = generate_arguments([limits], beams=1, start=start, eos_ids=eos_ids, device=embeds.device)
    arguments |= {"do_sample": True, "min_p": 1 / LESS_LIKELY, "num_return_sequences": CANDIDATES}
    devices = [embeds.device] if embeds.device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        torch.manual_seed(seed)
        sampled = language_model.generate(**prompt, **arguments)  # [C, T]
    return [*best, *sampled]
