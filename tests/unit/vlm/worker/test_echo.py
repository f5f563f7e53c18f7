"""The engine that needs no model says the same of the same picture, and can be searched."""

import numpy as np
import pytest
from PIL import Image

from vlm.engine.base import Prompt
from vlm.engine.echo import COLOURS, EchoEngine

CAPTION = Prompt()


@pytest.mark.parametrize("size", [(8, 8), (640, 480), (4096, 3001)])
def test_it_knows_colour_and_size_from_the_query_tokens_alone(size: tuple[int, int]) -> None:
    engine = EchoEngine()
    [encoded] = engine.encode([Image.new("RGB", size, "purple")])
    assert engine.generate([encoded.tokens], [CAPTION]) == [f"a purple picture of {size[0]} by {size[1]}"]


def test_a_query_is_nearest_to_the_picture_of_its_colour() -> None:
    engine = EchoEngine()
    pictures = engine.encode([Image.new("RGB", (8, 8), rgb) for rgb in COLOURS.values()])
    vectors = np.concatenate([encoded.vectors for encoded in pictures if encoded.vectors is not None]).astype(
        np.float32
    )
    queries = engine.embed_text([f"something {name}, please" for name in COLOURS])
    assert (queries @ vectors.T).argmax(axis=1).tolist() == list(range(len(COLOURS)))
    assert np.linalg.norm(engine.embed_text(["nothing of that"]), axis=1) == pytest.approx(1)
