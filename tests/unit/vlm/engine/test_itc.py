"""Search vectors are those of `Blip2ForImageTextRetrieval`'s own forward, from one vision pass."""

import logging
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from support.checkpoints import picture, pictures
from transformers import AutoTokenizer, Blip2ForImageTextRetrieval

from vlm.engine.base import Engine, EngineOptions
from vlm.engine.load import load
from vlm.errors import Unsupported

PICTURES = [picture(seed) for seed in range(3)]
QUERIES = ["two cats", "a", "a green pizza is on what dog of the photo"]


@torch.inference_mode()
def reference(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Image vectors [N, Q, E] and text vectors [N, E] of the model's own forward."""
    model = Blip2ForImageTextRetrieval.from_pretrained(folder).eval()
    words = AutoTokenizer.from_pretrained(folder)(QUERIES, padding=True, return_tensors="pt")
    pixels = pictures()(images=PICTURES, return_tensors="pt").pixel_values
    out = model(pixel_values=pixels, input_ids=words.input_ids, attention_mask=words.attention_mask)
    return out.image_embeds.numpy(), out.text_embeds.numpy()


def engine(folder: Path, itc: str = "") -> Engine:
    return load(EngineOptions(model=str(folder), itc_model=itc, device="cpu"))


def vectors(engine: Engine) -> np.ndarray:
    rows = [encoded.vectors for encoded in engine.encode(PICTURES)]
    assert all(row is not None for row in rows)
    return np.stack([row for row in rows if row is not None])


def test_vectors_are_the_models_own(folder: Path) -> None:
    images, texts = reference(folder / "itc")
    loaded = engine(folder)
    np.testing.assert_allclose(vectors(loaded), images, atol=1e-3)  # kept in fp16
    np.testing.assert_allclose(loaded.embed_text(QUERIES), texts, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(vectors(loaded).astype(np.float32), axis=-1), 1, atol=2e-3)


def test_a_query_has_the_same_vector_in_any_company(folder: Path) -> None:
    loaded = engine(folder)
    alone = np.concatenate([loaded.embed_text([query]) for query in QUERIES])
    np.testing.assert_allclose(loaded.embed_text(QUERIES), alone, atol=1e-6)
    assert loaded.embed_text([]).shape == (0, alone.shape[1])


def test_one_vision_pass_serves_captions_and_search(folder: Path) -> None:
    assert passes(folder, "") == 1


def test_a_head_that_sees_otherwise_gets_its_own_pass(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = other_eyes(folder / "itc", tmp_path / "itc")
    with caplog.at_level(logging.WARNING, "vlm"):
        loaded = engine(folder, str(other))
    assert "two vision passes" in caplog.text
    images, _ = reference(other)
    np.testing.assert_allclose(vectors(loaded), images, atol=1e-3)
    assert passes(folder, str(other)) == 2


def other_eyes(source: Path, folder: Path) -> Path:
    """The same image-text checkpoint with another vision tower."""
    shutil.copytree(source, folder)
    model = Blip2ForImageTextRetrieval.from_pretrained(source)
    with torch.no_grad():
        model.vision_model.encoder.layers[0].mlp.fc1.bias += 1
    model.save_pretrained(folder)
    return folder


def passes(folder: Path, itc: str) -> int:
    """How often a batch of pictures goes through the first block of any vision tower."""
    loaded, calls = engine(folder, itc), []
    towers = {
        id(model.vision_model.encoder): model.vision_model.encoder
        for model in (loaded._model, loaded._itc.model)
    }
    for tower in towers.values():
        tower.layers[0].register_forward_hook(lambda *_: calls.append(1))
    loaded.encode(PICTURES)
    return len(calls)


def test_a_query_of_any_length_is_embedded(folder: Path) -> None:
    assert engine(folder).embed_text(["a dog " * 500]).shape[0] == 1


def test_without_a_head_pictures_have_no_vectors_and_search_says_so(folder: Path) -> None:
    loaded = engine(folder, "none")
    assert [encoded.vectors for encoded in loaded.encode(PICTURES)] == [None, None, None]
    with pytest.raises(Unsupported, match="VLM_ITC_MODEL"):
        loaded.embed_text(QUERIES)
