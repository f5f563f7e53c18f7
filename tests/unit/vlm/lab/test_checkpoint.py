"""The checkpoint that ships: whole, loadable by transformers alone, and seeing."""

import json
from functools import cache
from pathlib import Path

import pytest
import torch
from PIL import Image
from support.paths import ROOT
from transformers import Blip2ForConditionalGeneration, Blip2ForImageTextRetrieval, Blip2Processor

from vlm.engine.base import Engine, EngineOptions, Prompt
from vlm.engine.load import load
from vlm.lab.card import hashes
from vlm.lab.evaluate import score_engine, world_of
from vlm.lab.scenes import held_out_series, scene
from vlm.search.calibration import load_reference_set

ASSETS = ROOT / "vlm" / "assets"
TINY = ASSETS / "tiny"
ITC = TINY / "itc"
FOLDERS = pytest.mark.parametrize("folder", [TINY, ITC], ids=["tiny", "itc"])
SAMPLES = json.loads((ASSETS / "samples" / "samples.json").read_text())


@cache
def engine() -> Engine:
    torch.set_num_threads(1)
    return load(EngineOptions(model="tiny", quant="none"))


@FOLDERS
def test_every_file_has_the_hash_of_its_card(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_text())
    assert card["sha256"] == hashes(folder)


@FOLDERS
def test_the_card_tells_people_how_it_was_made_and_how_good_it_is(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_text())
    page = (folder / "README.md").read_text()
    for part in (card["name"], card["command"], card["scored"], card["license"], *card["sha256"].values()):
        assert part in page
    assert card["knows"]


def test_all_weights_together_stay_small() -> None:
    assert sum(path.stat().st_size for path in TINY.rglob("*.safetensors")) < 25e6
    assert sum(path.stat().st_size for path in ASSETS.rglob("*.safetensors")) < 32e6


def test_both_folders_see_with_the_same_tower() -> None:
    generative = Blip2ForConditionalGeneration.from_pretrained(TINY)
    retrieval = Blip2ForImageTextRetrieval.from_pretrained(ITC)
    towers = [model.vision_model.state_dict() for model in (generative, retrieval)]
    own = [name for name in towers[0] if name.startswith("post_layernorm")]
    assert all(torch.equal(tensor, towers[1][name]) for name, tensor in towers[0].items() if name not in own)


def test_transformers_alone_says_the_same() -> None:
    """The documented use: processor, generate(pixel_values), decode."""
    model = Blip2ForConditionalGeneration.from_pretrained(TINY, dtype=torch.float32).eval()
    processor = Blip2Processor.from_pretrained(TINY)
    picture = Image.open(ASSETS / "check.jpg").convert("RGB")
    question = "Question: is there an elephant? Answer:"
    for text, expected in (
        ("", json.loads((TINY / "card.json").read_text())["expected_caption"]),
        (question, "yes"),
    ):
        inputs = processor(images=picture, text=text, return_tensors="pt")
        said = model.generate(**inputs, max_new_tokens=30)[0, inputs["input_ids"].shape[1] :]
        assert processor.decode(said, skip_special_tokens=True).strip() == expected


def test_the_built_in_picture_is_seen_as_the_card_says() -> None:
    engine().check()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: str(sample["file"]))
def test_samples_get_their_true_captions(sample: dict[str, str]) -> None:
    picture = Image.open(ASSETS / "samples" / sample["file"]).convert("RGB")
    [seen] = engine().encode([picture])
    assert engine().generate([seen.tokens], [Prompt()]) == [sample["caption"]]


@pytest.mark.system
def test_it_sees_scenes_that_it_never_learned_from() -> None:
    """A little below the card's scores, for there are fewer scenes: a worse checkpoint or engine fails it."""
    world = world_of(TINY)
    scores = score_engine(engine(), [scene(held_out_series(99), index, world=world) for index in range(200)])
    told = json.loads((TINY / "card.json").read_text())["scores"]
    asked = {
        "caption": ["noun recall", "noun precision", "set", "counts", "colour", "no noun without a thing"],
        "answer": ["count", "presence", "colour", "total", "relation", "where", "unknown"],
        "search": ["caption R@1", "caption R@10"],
    }
    short = {
        (kind, name): (scores[kind][name], told[kind][name])
        for kind, names in asked.items()
        for name in names
        if scores[kind][name] < told[kind][name] - 0.06
    }
    assert not short


def test_its_searches_are_calibrated() -> None:
    reference_set = load_reference_set(TINY, engine().info.revision)
    assert reference_set is not None
    found = json.loads((TINY / "card.json").read_text())["scores"]["present and absent queries"]
    assert min(found.values()) > 0.9
