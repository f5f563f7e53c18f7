"""Other words for the same picture: what beam search finds besides the best, and samples by a seed.

C candidates, T new tokens, V vocabulary
"""

from collections.abc import Sequence
from math import log
from typing import Any, Final

import torch

from vlm.engine.decoding import Limits, decoding

CANDIDATES: Final = 6  # beams, and samples
WORSE: Final = 3.0  # times less likely than the best may be said: beyond, small models say what is not there


def reworded(
    language: Any,
    embeds: torch.Tensor,
    mask: torch.Tensor,
    limits: Limits,
    *,
    start: int,
    ends: Sequence[int],
    seed: int,
) -> list[torch.Tensor]:
    """Ids of likely texts for one prompt, the best first, each [T]; some may be the same.

    embeds, mask   the prompt as the language model reads it, [1, L, M] and [1, L]
    start, ends    as for `decoding`
    """
    given = {"inputs_embeds": embeds, "attention_mask": mask}
    arguments = decoding([limits], beams=CANDIDATES, start=start, ends=ends, device=embeds.device)
    # without a length penalty, a score is the logarithm of a probability
    arguments |= {"length_penalty": 0.0, "num_return_sequences": CANDIDATES}
    searched = language.generate(**given, **arguments, return_dict_in_generate=True, output_scores=True)
    scores = searched.sequences_scores  # [C]
    beams = searched.sequences[scores >= scores.max() - log(WORSE)]
    arguments = decoding([limits], beams=1, start=start, ends=ends, device=embeds.device)
    arguments |= {"do_sample": True, "min_p": 1 / WORSE, "num_return_sequences": CANDIDATES}
    devices = [embeds.device] if embeds.device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        torch.manual_seed(seed)
        sampled = language.generate(**given, **arguments)  # [C, T]
    return [*beams, *sampled]
