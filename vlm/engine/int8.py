"""8-bit weights for the language model (LLM.int8 of bitsandbytes); vision and Q-Former stay as they are.

The language model holds two thirds of the weights and loses little; quantizing the rest would cost sight.
Threshold 0: at bitsandbytes' own 6.0 outliers are sought in the whole batch, so that one user's photo would
change another's answer.

Source:  LLM.int8() (Dettmers et al. 2022).
"""

import logging
from pathlib import Path
from typing import Final

import msgspec
import torch
from transformers import BitsAndBytesConfig, PreTrainedModel

# Names given here replace bitsandbytes' defaults, so the head is named too: OPT ties it to its embeddings.
KEPT: Final = ["vision_model", "qformer", "language_projection", "lm_head"]


def int8(threshold: float) -> BitsAndBytesConfig:
    """How the language model is loaded in 8 bit."""
    hush()
    return BitsAndBytesConfig(load_in_8bit=True, llm_int8_threshold=threshold, llm_int8_skip_modules=KEPT)


def hush() -> None:
    """bitsandbytes warns at every layer of every token that it casts to fp16, as LLM.int8 does."""
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)


def recast(model: PreTrainedModel, dtype: torch.dtype) -> None:
    """Give the weights of a quantized folder that are not in 8 bit the dtype they would have unquantized.

    transformers leaves them as they were stored, while it casts biases; the mixture does not run.
    """
    precise = set(model._keep_in_fp32_modules or ()) if dtype == torch.float16 else set()
    for name, parameter in model.named_parameters():
        if parameter.is_floating_point():
            kept = not precise.isdisjoint(name.split("."))
            parameter.data = parameter.data.to(torch.float32 if kept else dtype)


def is_quantized(folder: Path) -> bool:
    """Whether the weights in a checkpoint's folder are quantized."""
    return "quantization_config" in msgspec.json.decode((folder / "config.json").read_bytes())
