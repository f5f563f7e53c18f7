"""A model that cannot see the built-in picture takes no job."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from support.checkpoints import picture

from vlm.engine.base import EngineOptions, Prompt, QueryTokens
from vlm.engine.blip2 import Blip2Engine
from vlm.engine.checkpoints import open_blip2
from vlm.engine.selfcheck import check
from vlm.errors import SelfCheckFailed

PICTURE = picture(0)


@pytest.fixture
def engine(folder: Path) -> Blip2Engine:
    return open_blip2(EngineOptions(model=str(folder), device="cpu"))


def test_a_sound_model_passes(engine: Blip2Engine) -> None:
    check(engine, PICTURE)
    [caption] = engine.generate([engine.encode([PICTURE])[0].tokens], [Prompt()])
    check(engine, PICTURE, expected=caption)


def test_another_caption_than_the_cards_is_refused(engine: Blip2Engine) -> None:
    with pytest.raises(SelfCheckFailed, match="a dog on a red background"):
        check(engine, PICTURE, expected="a dog on a red background")


@pytest.mark.parametrize("part", ["vision_model", "language_model"])
def test_infinite_numbers_are_refused(engine: Blip2Engine, part: str) -> None:
    with torch.no_grad():
        for parameter in engine._model.get_submodule(part).parameters():
            parameter.fill_(torch.inf)
    with pytest.raises(SelfCheckFailed, match="VLM_DTYPE"):
        check(engine, PICTURE)


class Mute(Blip2Engine):
    """Has nothing but padding to say."""

    def generate_ids(self, tokens: Sequence[QueryTokens], *_: object) -> torch.Tensor:
        return torch.full((len(tokens), 5), self._pad)


def test_silence_is_refused(engine: Blip2Engine) -> None:
    engine.__class__ = Mute
    with pytest.raises(SelfCheckFailed, match="no word"):
        check(engine, PICTURE)
