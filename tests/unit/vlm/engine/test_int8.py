"""8 bit: nobody's photo changes another's answer, and a folder is quantized once."""

import json
import logging
from pathlib import Path

import pytest
from bitsandbytes.nn import Linear8bitLt
from safetensors import safe_open
from support.checkpoints import picture
from torch import int8, nn
from unit.vlm.engine.test_parity import PICTURES, PROMPTS, generated_ids

from vlm.engine.base import EngineOptions
from vlm.engine.blip2 import Blip2Engine
from vlm.engine.load import load
from vlm.engine.quantize import quantize
from vlm.errors import BadSetting


def engine(folder: Path | str, **options: object) -> Blip2Engine:
    loaded = load(EngineOptions(model=str(folder), device="cpu", **options))
    assert isinstance(loaded, Blip2Engine)
    return loaded


@pytest.fixture(scope="module")
def quantized(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Path]:
    root = tmp_path_factory.mktemp("quantized")
    options = EngineOptions(device="cpu")
    return {folder: quantize(str(folder), root / name, options) for name, folder in folders.items()}


@pytest.mark.parametrize("beams", [1, 5])
def test_an_answer_is_the_same_alone_and_in_mixed_company(folder: Path, beams: int) -> None:
    quantized_engine = engine(folder, quant="int8", beams=beams)
    alone = [
        generated_ids(quantized_engine, [image], [prompt])[0]
        for image, prompt in zip(PICTURES, PROMPTS, strict=True)
    ]
    assert generated_ids(quantized_engine, PICTURES, PROMPTS) == alone


def test_the_language_model_alone_is_quantized(folder: Path) -> None:
    model = engine(folder, quant="int8", int8_threshold=6.0)._model
    layers = {name for name, module in model.named_modules() if isinstance(module, Linear8bitLt)}
    assert layers
    assert all(name.startswith("language_model.") for name in layers)
    assert {type(model.language_projection), type(model.language_model.lm_head)} == {nn.Linear}
    assert {model.get_submodule(name).state.threshold for name in layers} == {6.0}


def test_the_log_stays_readable(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        quantized_engine = engine(folder, quant="int8")
        quantized_engine.generate([quantized_engine.encode([picture(0)])[0].tokens], PROMPTS[:1])
    assert not [record for record in caplog.records if record.name.startswith("bitsandbytes")]


def test_a_quantized_folder_says_the_same(folder: Path, quantized: dict[Path, Path]) -> None:
    once, again = engine(quantized[folder]), engine(folder, quant="int8")
    assert generated_ids(once, PICTURES, PROMPTS) == generated_ids(again, PICTURES, PROMPTS)
    assert once.encode(PICTURES[:1])[0].vectors is not None
    assert once.info.revision == again.info.revision, "its vectors are still those of the original"


def test_a_quantized_folder_holds_8_bit_weights_and_says_so(
    folder: Path, quantized: dict[Path, Path]
) -> None:
    with safe_open(quantized[folder] / "model.safetensors", "pt") as weights:
        kinds = {weights.get_slice(name).get_dtype() for name in weights.keys()}  # noqa: SIM118 it is no dict
    assert "I8" in kinds
    assert "quantization_config" in json.loads((quantized[folder] / "config.json").read_bytes())
    assert "int8" in json.loads((quantized[folder] / "card.json").read_bytes())["name"]


@pytest.mark.parametrize("name", ["fp32", "bf16", "fp16"])
def test_a_quantized_folder_loads_in_the_dtype_asked_for(
    folder: Path, quantized: dict[Path, Path], name: str
) -> None:
    quantized_engine, fresh = (
        engine(place, quant="", dtype=name)._model for place in (quantized[folder], folder)
    )
    as_loaded = {key: value.dtype for key, value in fresh.named_parameters()}
    for key, value in quantized_engine.named_parameters():
        assert value.dtype in (as_loaded[key], int8), key


def test_what_is_quantized_cannot_be_unquantized_or_quantized_again(
    folder: Path, quantized: dict[Path, Path], tmp_path: Path
) -> None:
    with pytest.raises(BadSetting, match="original"):
        engine(quantized[folder], quant="none")
    with pytest.raises(BadSetting, match="already"):
        quantize(str(quantized[folder]), tmp_path / "twice", EngineOptions())


def test_the_shipped_model_is_quantized_and_still_knows_the_check_picture(tmp_path: Path) -> None:
    once = engine(quantize("tiny", tmp_path / "tiny", EngineOptions(device="cpu")))
    full = engine("tiny")
    once.check()
    assert once._expected == full._expected != ""
    assert (once._answer_limits, once._caption_limits) == (full._answer_limits, full._caption_limits)
    assert once.info.knows == full.info.knows


def test_weights_in_several_files_are_quantized_too(folder: Path, tmp_path: Path) -> None:
    whole = engine(folder)
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json", "processor_config.json"):
        (tmp_path / "src").mkdir(exist_ok=True)
        (tmp_path / "src" / name).write_bytes((folder / name).read_bytes())
    whole._model.save_pretrained(tmp_path / "src", max_shard_size="100KB")
    assert len(list((tmp_path / "src").glob("*.safetensors"))) > 1
    once = engine(quantize(str(tmp_path / "src"), tmp_path / "dst", EngineOptions(device="cpu")))
    again = engine(folder, quant="int8")
    assert generated_ids(once, PICTURES, PROMPTS) == generated_ids(again, PICTURES, PROMPTS)


def test_an_existing_folder_is_never_overwritten(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="new folder"):
        quantize(str(folder), tmp_path, EngineOptions())
