"""Write a trained pair as two checkpoint folders that `from_pretrained` loads.

    OUT/         Blip2ForConditionalGeneration   captions and answers
    OUT/itc/     Blip2ForImageTextRetrieval      search; vision tower and queries are bit for bit the same

Weights are saved in float16. The generative folder leaves out the Q-Former's text half, which it never uses.
"""

from pathlib import Path

import torch
from torch import Tensor
from transformers import (
    Blip2ForConditionalGeneration,
    Blip2ForImageTextRetrieval,
    Blip2Processor,
    GenerationConfig,
    PreTrainedTokenizerFast,
)
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

from vlm.lab.dimensions import DEVIATION, IMAGE_PX, MEAN, QUERIES
from vlm.lab.model import Blip2Pair, configuration
from vlm.lab.tokenizer import END, PAD

BEAMS = 3  # greedy, one wrong number leads to a wrong list: docs/lab-log.md, run 3
LONGEST_CAPTION = 40  # new tokens
LONGEST_ANSWER = 24  # the same; the engine's usual 10 would cut a list of four things


def save_folders(pair: Blip2Pair, tokenizer: PreTrainedTokenizerFast, out: Path) -> None:
    """Write both folders."""
    _save_generative(pair, tokenizer, out)
    model = Blip2ForImageTextRetrieval(configuration(len(tokenizer), text_path=True))
    model.load_state_dict(pair.retrieval.state_dict())
    _save(model, tokenizer, out / "itc")


def _save_generative(pair: Blip2Pair, tokenizer: PreTrainedTokenizerFast, out: Path) -> None:
    model = Blip2ForConditionalGeneration(configuration(len(tokenizer), text_path=False))
    names = model.state_dict().keys()
    model.load_state_dict({k: v for k, v in pair.generative.state_dict().items() if k in names})
    model.generation_config = GenerationConfig(
        bos_token_id=END,
        eos_token_id=END,
        pad_token_id=PAD,
        num_beams=BEAMS,
        do_sample=False,
        min_new_tokens=1,
        max_new_tokens=LONGEST_CAPTION,
        answer_max_new_tokens=LONGEST_ANSWER,
    )
    _save(model, tokenizer, out)


def _save(
    model: Blip2ForConditionalGeneration | Blip2ForImageTextRetrieval,
    tokenizer: PreTrainedTokenizerFast,
    out: Path,
) -> None:
    for weight in model.state_dict().values():
        _check_range(weight)
    model.half().save_pretrained(out)
    pictures = BlipImageProcessorPil(
        size={"height": IMAGE_PX, "width": IMAGE_PX}, image_mean=list(MEAN), image_std=list(DEVIATION)
    )
    Blip2Processor(pictures, tokenizer, num_query_tokens=QUERIES).save_pretrained(out)


def _check_range(weight: Tensor) -> None:
    if not bool(torch.isfinite(weight.half()).all()):
        raise ValueError("A weight does not fit float16: the training diverged.")
