"""What a worker may expect of every engine, of the real ones and of the one without a model.

The classic captioner answers no questions and has no vectors; it keeps the rest of the contract.
"""

from pathlib import Path

import numpy as np
import pytest
from support.checkpoints import picture

from vlm.engine.base import Engine, EngineOptions, Prompt
from vlm.engine.echo import EchoEngine
from vlm.engine.load import load
from vlm.ops.metrics import Metrics
from vlm.protocol import Turn
from vlm.worker.pipeline import timed_engine

PICTURES = [picture(1, 64, 48), picture(2, 31, 300), picture(3, 1, 1)]
PROMPTS = [
    Prompt(),
    Prompt(question="how many?"),
    Prompt(question="ok?", turns=(Turn(question="a", answer="b"),)),
]


WHOLE = ["echo", "timed", "opt", "t5", "opt int8", "t5 int8", "tiny"]
of_those_that_do_all = pytest.mark.parametrize("engine", WHOLE, indirect=True, scope="module")


@pytest.fixture(scope="module", params=[*WHOLE, "classic"])
def engine(request: pytest.FixtureRequest, folders: dict[str, Path], classic_folder: Path) -> Engine:
    if request.param == "timed":
        return timed_engine(EchoEngine(), Metrics())
    name, _, quant = request.param.partition(" ")
    model = f"classic:{classic_folder}" if name == "classic" else str(folders.get(name, name))
    return load(EngineOptions(model=model, quant=quant, device="cpu"))


def test_pictures_of_any_shape_are_encoded_alike(engine: Engine) -> None:
    encoded = engine.encode(PICTURES)
    [shape] = {item.tokens.shape for item in encoded}
    assert len(encoded) == len(PICTURES)
    assert len(shape) == 2
    assert {item.tokens.dtype for item in encoded} == {np.dtype(np.float16)}
    assert all(np.isfinite(item.tokens).all() for item in encoded)


@of_those_that_do_all
def test_vectors_of_pictures_and_words_are_units_of_one_space(engine: Engine) -> None:
    words = engine.embed_text(["a red picture", "two cats"])
    assert words.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(words, axis=1), 1, atol=1e-5)
    for encoded_picture in engine.encode(PICTURES):
        assert encoded_picture.vectors is not None
        assert encoded_picture.vectors.dtype == np.float16
        assert encoded_picture.vectors.shape[1] == words.shape[1]
        np.testing.assert_allclose(
            np.linalg.norm(encoded_picture.vectors.astype(np.float32), axis=1), 1, atol=5e-3
        )


@of_those_that_do_all
def test_each_prompt_gets_its_text_and_gets_it_again(engine: Engine) -> None:
    tokens = [encoded_picture.tokens for encoded_picture in engine.encode(PICTURES)]
    texts = engine.generate(tokens, PROMPTS)
    assert len(texts) == len(PROMPTS)
    assert texts[0]
    assert all(text == text.strip() for text in texts)
    assert engine.generate(tokens, PROMPTS) == texts


def test_each_picture_gets_its_caption_and_gets_it_again(engine: Engine) -> None:
    tokens = [encoded_picture.tokens for encoded_picture in engine.encode(PICTURES)]
    captions = engine.generate(tokens, [Prompt()] * len(tokens))
    assert all(captions)
    assert engine.generate(tokens, [Prompt()] * len(tokens)) == captions


def test_tokens_outlive_the_process_that_made_them(engine: Engine) -> None:
    [encoded_picture] = engine.encode(PICTURES[:1])
    kept = np.frombuffer(encoded_picture.tokens.tobytes(), np.float16).reshape(
        encoded_picture.tokens.shape
    )  # read-only, as from Redis
    assert engine.generate([kept], [Prompt()]) == engine.generate([encoded_picture.tokens], [Prompt()])


def test_other_wordings_are_texts_and_the_same_for_the_same_seed(engine: Engine) -> None:
    [encoded_picture] = engine.encode(PICTURES[:1])
    wordings = engine.likely_captions(encoded_picture.tokens, seed=1)
    assert wordings and all(wordings) and len(set(wordings)) == len(wordings)
    assert engine.likely_captions(encoded_picture.tokens, seed=1) == wordings


@of_those_that_do_all
def test_what_it_can_be_asked_for_details_it_answers(engine: Engine) -> None:
    [encoded_picture] = engine.encode(PICTURES[:1])
    assert engine.details
    prompts = [Prompt(question=detail.question.format(thing="cat")) for detail in engine.details]
    assert len(engine.generate([encoded_picture.tokens] * len(prompts), prompts)) == len(prompts)


def test_nothing_to_do_is_done_at_once(engine: Engine) -> None:
    assert engine.encode([]) == []
    assert engine.generate([], []) == []


def test_it_says_who_it_is_and_passes_its_own_check(engine: Engine) -> None:
    assert engine.info.name
    assert engine.info.revision
    engine.check()
