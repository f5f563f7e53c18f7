"""The self-check: a worker takes no job before its model has captioned the built-in picture correctly."""

from importlib.resources import files
from io import BytesIO
from typing import Protocol

import numpy as np
import torch
from PIL import Image

from vlm.engine.base import Engine, Prompt, QueryTokens
from vlm.errors import SelfCheckFailed


class Checkable(Engine, Protocol):
    """An engine with access to its first logits."""

    def first_logits(self, tokens: list[QueryTokens], prompts: list[Prompt]) -> torch.Tensor: ...


def built_in_picture() -> Image.Image:
    """`vlm/assets/check.jpg`."""
    data = files("vlm").joinpath("assets/check.jpg").read_bytes()
    return Image.open(BytesIO(data), formats=("JPEG",)).convert("RGB")


def check(engine: Checkable, picture: Image.Image, expected: str = "") -> None:
    """Raise SelfCheckFailed unless `picture` gets finite numbers and a caption: `expected`, unless that is ''."""
    name = engine.info.name
    tokens = [encoded.tokens for encoded in engine.encode([picture])]
    finite = np.isfinite(tokens[0]).all() and bool(engine.first_logits(tokens, [Prompt()]).isfinite().all())
    if not finite:
        raise SelfCheckFailed(
            f"{name} computes infinities on this device; try another VLM_DTYPE or VLM_QUANT."
        )
    [caption] = engine.generate(tokens, [Prompt()])
    if not caption:
        raise SelfCheckFailed(
            f"{name} has no word for the built-in picture; its weights or settings are wrong."
        )
    if expected and caption != expected:
        raise SelfCheckFailed(
            f"{name} says {caption!r} about the built-in picture, which its card calls {expected!r}; "
            "its weights are damaged or a setting spoils them."
        )
