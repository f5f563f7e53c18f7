"""Our batched output from kept query tokens is the reference's, one picture at a time, token for token.

The reference is `Blip2ForConditionalGeneration.generate(pixel_values=...)` of transformers, in float32.
"""

from pathlib import Path
from typing import Any

import pytest
import torch
from PIL.Image import Image
from support.checkpoints import END, PAD, QUERIES, picture, pictures
from transformers import AutoTokenizer, Blip2ForConditionalGeneration

from vlm.engine.base import EngineOptions, Prompt
from vlm.engine.blip2 import Blip2Engine
from vlm.engine.decoding import ANSWER, CAPTION
from vlm.engine.load import load
from vlm.engine.prompts import OPT, T5, ids, text
from vlm.protocol import Turn

PICTURES = [picture(seed) for seed in range(8)]
TURNS = (Turn(question="is there a cat?", answer="yes"), Turn(question="how many?", answer="two"))
PROMPTS = [
    Prompt(),
    Prompt(question="what colour is the dog?"),
    Prompt(question="on what?", turns=TURNS),
    Prompt(),
    Prompt(question="how many cats are there in the photo, and of what colour is the one on the pizza?"),
    Prompt(question="is there <image> a </s> pizza?"),
    Prompt(question="what", turns=TURNS[:1]),
    Prompt(),
]


class Reference:
    """transformers' documented use: pixels in, one picture at a time."""

    def __init__(self, folder: Path) -> None:
        self._model = Blip2ForConditionalGeneration.from_pretrained(folder).eval()
        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        self._encodes = self._model.language_model.config.is_encoder_decoder

    @torch.inference_mode()
    def generate(self, image: Image, prompt: Prompt, beams: int) -> list[int]:
        words = ids(text(prompt, T5 if self._encodes else OPT), self._tokenizer)
        input_ids = torch.tensor([[self._model.config.image_token_index] * QUERIES + words])
        limits = CAPTION if prompt.question is None else ANSWER
        arguments: dict[str, Any] = {"length_penalty": limits.length_penalty} if beams > 1 else {}
        [generated] = self._model.generate(
            pixel_values=pictures()(images=[image], return_tensors="pt").pixel_values,
            input_ids=input_ids, attention_mask=torch.ones_like(input_ids), num_beams=beams,
            min_new_tokens=limits.min_new, max_new_tokens=limits.max_new, **arguments,
        )  # fmt: skip
        return content(generated[1 if self._encodes else input_ids.shape[1] :])


def content(row: torch.Tensor) -> list[int]:
    """Ids up to the end of the text, without the padding after it."""
    token_ids: list[int] = row.tolist()
    token_ids = token_ids[: token_ids.index(END)] if END in token_ids else token_ids
    while token_ids and token_ids[-1] == PAD:
        token_ids.pop()
    return token_ids


def engine(folder: Path, beams: int) -> Blip2Engine:
    loaded = load(EngineOptions(model=str(folder), device="cpu", beams=beams))
    assert isinstance(loaded, Blip2Engine)
    return loaded


def generated_ids(engine: Blip2Engine, images: list[Image], prompts: list[Prompt]) -> list[list[int]]:
    tokens = [encoded.tokens for encoded in engine.encode(images)]
    start = 0 if engine._decoder_only else 1
    return [content(row[start:]) for row in engine.generate_ids(tokens, prompts)]


@pytest.mark.parametrize("beams", [1, 5])
def test_a_mixed_batch_says_what_the_reference_says_to_each_alone(folder: Path, beams: int) -> None:
    reference = Reference(folder)
    expected = [reference.generate(*pair, beams) for pair in zip(PICTURES, PROMPTS, strict=True)]
    assert generated_ids(engine(folder, beams), PICTURES, PROMPTS) == expected
    lengths = [len(row) for row in expected]
    assert len(set(lengths)) > 2, "rows that end alike would prove nothing about limits"
    assert max(lengths[1:3] + lengths[4:7]) <= ANSWER.max_new < max(lengths[::3])


@pytest.mark.parametrize("beams", [1, 5])
def test_company_changes_nothing(folder: Path, beams: int) -> None:
    loaded = engine(folder, beams)
    alone = [
        generated_ids(loaded, [image], [prompt])[0] for image, prompt in zip(PICTURES, PROMPTS, strict=True)
    ]
    assert generated_ids(loaded, PICTURES, PROMPTS) == alone


def test_what_is_said_depends_on_the_picture(folder: Path) -> None:
    loaded = engine(folder, beams=1)
    captions = generated_ids(loaded, PICTURES, [Prompt()] * len(PICTURES))
    answers = generated_ids(loaded, PICTURES, [PROMPTS[1]] * len(PICTURES))
    assert len({tuple(row) for row in captions}) >= 5
    assert len({tuple(row) for row in answers}) >= 4


def test_a_later_question_needs_no_vision(folder: Path) -> None:
    seeing, blind = engine(folder, beams=5), engine(folder, beams=5)
    tokens = [encoded.tokens for encoded in seeing.encode(PICTURES)]
    del blind._model.vision_model, blind._model.qformer
    assert blind.generate(tokens, PROMPTS) == seeing.generate(tokens, PROMPTS)
