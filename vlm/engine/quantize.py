"""8-bit weights for the language model (LLM.int8 of bitsandbytes); vision and Q-Former stay as they are.

The language model holds two thirds of the weights and loses little; quantizing the rest would cost sight.
Threshold 0: at bitsandbytes' own 6.0 outliers are sought in the whole batch, so that one user's photo would
change another's answer.

Source:  LLM.int8() (Dettmers et al. 2022).
"""

import logging
import shutil
from pathlib import Path
from typing import Final

import msgspec
import torch
from transformers import BitsAndBytesConfig, PreTrainedModel

from vlm.engine.load import EngineOptions
from vlm.engine.source import Source, find
from vlm.errors import BadSetting

# Names given here replace bitsandbytes' defaults, so the head is named too: OPT ties it to its embeddings.
KEPT: Final = ["vision_model", "qformer", "language_projection", "lm_head"]
COPIED: Final = ["*.json", "*.txt", "*.model", "*.md"]  # beside the weights, unless written with them


def int8(threshold: float) -> BitsAndBytesConfig:
    """How the language model is loaded in 8 bit."""
    hush()
    return BitsAndBytesConfig(load_in_8bit=True, llm_int8_threshold=threshold, llm_int8_skip_modules=KEPT)


def quantize(src: str, dst: Path, options: EngineOptions) -> Path:
    """Write `src` (tiny, a folder or a hub id) into the folder `dst`, quantized, so that it loads at once.

    The image-text checkpoint inside `src` comes along as it is. Of `options` the revision, device, dtype and
    threshold count.

    Raises:  BadSetting if `dst` exists already or `src` is quantized; ModelNotFound as `load` does.
    """
    from vlm.engine.checkpoints import open_model

    if dst.exists():
        raise BadSetting(f"{dst} exists already; name a new folder.")
    source = find(src, options.revision)
    if is_quantized(source.folder):
        raise BadSetting(f"{src} is in 8 bit already.")
    model = open_model(source, msgspec.structs.replace(options, quant="int8"))
    unfinished = dst.with_name(f"{dst.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    model.save_pretrained(unfinished)
    _copy_rest(source, unfinished)
    return unfinished.rename(dst)


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


def _copy_rest(source: Source, dst: Path) -> None:
    """Everything but the weights; the card keeps the revision, as vectors and query tokens stay the same."""
    for pattern in COPIED:
        for path in source.folder.glob(pattern):
            if not (dst / path.name).exists() and not path.name.endswith(".index.json"):
                shutil.copy(path, dst / path.name)
    card = msgspec.json.decode(path.read_bytes()) if (path := source.folder / "card.json").is_file() else {}
    card |= {"name": f"{source.name} (int8)", "revision": source.revision, "quantized": "LLM.int8"}
    card.pop("sha256", None)  # these are other files
    (dst / "card.json").write_bytes(msgspec.json.format(msgspec.json.encode(card), indent=2))
    if (source.folder / "itc").is_dir():
        shutil.copytree(source.folder / "itc", dst / "itc")
