"""The classic captioner as an engine: it captions, and refuses everything else politely.

    B pictures, D width of VGG16's fc2, V words

A picture's only query token is its feature, [1, D].
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from PIL.Image import Image
from torch import Tensor

from vlm.engine import selfcheck
from vlm.engine.base import (
    CLASSIC,
    Encoded,
    EngineOptions,
    Prompt,
    QueryTokens,
    Translated,
    Vectors,
)
from vlm.engine.checkpoints import DTYPES, lazy_translator, output_languages, pick_device
from vlm.engine.classic.captioner import Captioner, load
from vlm.engine.classic.words import START
from vlm.engine.folder import check_folder
from vlm.engine.source import card_of, fingerprint
from vlm.engine.translate import NO_TRANSLATOR, LazyTranslator
from vlm.errors import BadSetting, Unsupported
from vlm.protocol import ModelInfo

NO_ANSWERS: Final = "This model only writes captions; for answers use a BLIP-2 model, such as --model tiny."
NO_SEARCH: Final = "This model cannot search; use a BLIP-2 model for that, such as --model tiny."


def open_classic(options: EngineOptions) -> "ClassicEngine":
    """The captioner of `classic:DIR`. Raises as `vlm.engine.load.load` does."""
    folder = Path(options.model.removeprefix(CLASSIC)).expanduser()
    if options.quant == "int8":
        raise BadSetting("The classic captioner has no 8-bit form; please leave VLM_QUANT empty.")
    if (folder / "config.json").is_file():
        check_folder(options.model, folder)
    captioner = load(folder).to(pick_device(options.device), DTYPES.get(options.dtype, torch.float32))
    card = card_of(folder)
    info = ModelInfo(
        name=card.name or folder.resolve().name,
        revision=card.revision or fingerprint(folder),
        knows=card.knows,
        languages=output_languages(card.translator, (), options),
    )
    return ClassicEngine(
        captioner,
        info=info,
        beams=options.beams,
        expected=card.expected_caption,
        translator=lazy_translator(card.translator, options, device=options.device),
    )


class ClassicEngine:
    """VGG16 and the merge model. Not thread-safe."""

    def __init__(
        self,
        captioner: Captioner,
        *,
        info: ModelInfo,
        beams: int = 0,
        expected: str = "",
        translator: LazyTranslator = NO_TRANSLATOR,
    ) -> None:
        self.info, self.details = info, ()
        self._captioner, self._beams, self._expected = captioner, beams, expected
        self._translator = translator

    def encode(self, images: Sequence[Image]) -> list[Encoded]:
        """The feature of each picture; no vectors, as there is no shared image-text space."""
        if not images:
            return []
        features = self._captioner.features(images).half().cpu().numpy()  # [B, D]
        return [Encoded(feature[None], None) for feature in features]

    def generate(self, tokens: Sequence[QueryTokens], prompts: Sequence[Prompt]) -> list[str]:
        """Captions. Raises Unsupported if one of the prompts is a question."""
        if any(prompt.question is not None for prompt in prompts):
            raise Unsupported(NO_ANSWERS)
        return self._captioner.captions(self._features(tokens), self._beams) if tokens else []

    def likely_captions(self, tokens: QueryTokens, seed: int) -> list[str]:
        """The caption; it has no other wording."""
        return self.generate([tokens], [Prompt()])

    def embed_text(self, queries: Sequence[str]) -> Vectors:
        """Raises Unsupported."""
        raise Unsupported(NO_SEARCH)

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translated]:
        """Each text in the language `target`. Raises as `Engine.translate` does."""
        return self._translator.translate(texts, source, target)

    def speaks(self, language: str) -> bool:
        """False: it captions only in the language that it was trained on."""
        return False

    @torch.no_grad()
    def first_logits(self, tokens: Sequence[QueryTokens], prompts: Sequence[Prompt]) -> Tensor:
        """Of the first word of each caption: [B, V]."""
        merge = self._captioner.merge
        features = self._features(tokens)
        start = torch.full((len(tokens),), START, device=features.device)
        logits, _ = merge.step(merge.project(features), start, merge.initial_state(len(tokens)))
        return logits

    def check(self) -> None:
        """Raise SelfCheckFailed unless the built-in picture is captioned as the card says."""
        selfcheck.check(self, selfcheck.built_in_picture(), self._expected)

    def _features(self, tokens: Sequence[QueryTokens]) -> Tensor:
        """[B, D], in the dtype and on the device of the merge model."""
        stacked = torch.tensor(np.stack([row[0] for row in tokens]))
        return stacked.to(self._captioner.merge.word.weight)
