"""Whatever is wrong with a checkpoint, one sentence says so, and what to try instead."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from support.checkpoints import picture
from transformers import AutoConfig, BertConfig

from vlm.engine import source
from vlm.engine.base import EngineOptions, Prompt
from vlm.engine.blip2 import Blip2Engine
from vlm.engine.checkpoints import pick_device, pick_dtype
from vlm.engine.decoding import ANSWER, CAPTION, Limits
from vlm.engine.load import load
from vlm.engine.quantize import quantize
from vlm.errors import AfterimageError, BadSetting
from vlm.settings import DEFAULT_MODEL


@pytest.fixture
def copy(folders: dict[str, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(folders["opt"], tmp_path / "copy"))


def complaint(model: object) -> str:
    with pytest.raises(AfterimageError) as caught:
        load(EngineOptions(model=str(model), device="cpu"))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "model", ["nobody/no-such-model", DEFAULT_MODEL, "no/such/folder", "./nowhere", "no name"]
)
def test_a_model_that_cannot_be_had_leads_to_the_tiny_one(model: str) -> None:
    said = complaint(model)
    assert model in said
    assert "--model tiny" in said


def test_a_hub_that_is_away_is_not_waited_for() -> None:
    program = "from vlm.engine.source import find_checkpoint; find_checkpoint('nobody/no-such-model')"
    away = os.environ | {"HF_HUB_OFFLINE": "0", "HF_ENDPOINT": "http://127.0.0.1:9"}
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", program], env=away, capture_output=True, text=True)
    assert "could not be fetched from the hub" in done.stderr.splitlines()[-1]
    assert "refused" in done.stderr.splitlines()[-1]
    assert time.monotonic() - started < 60, "a download retries for longer than that"


def test_a_folder_without_a_checkpoint_is_named(tmp_path: Path) -> None:
    assert "config.json" in complaint(tmp_path)


def test_pickled_weights_are_not_read(copy: Path) -> None:
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    assert "safetensors" in complaint(copy)


def test_broken_files_are_errors_and_no_tracebacks(copy: Path, folders: dict[str, Path]) -> None:
    for name in ("model.safetensors", "config.json", "tokenizer.json", "processor_config.json"):
        whole = (folders["opt"] / name).read_bytes()
        (copy / name).write_bytes(whole[: len(whole) // 2])
        assert "copy" in complaint(copy)
        (copy / name).write_bytes(whole)
    (copy / "card.json").write_text("{")
    assert "card.json" in complaint(copy)


def test_missing_weights_are_not_made_up(copy: Path, folders: dict[str, Path]) -> None:
    shutil.copy(folders["opt"] / "itc" / "model.safetensors", copy / "model.safetensors")
    assert "lacks language_" in complaint(copy)


def test_weights_of_another_size_are_refused(copy: Path) -> None:
    config = json.loads((copy / "config.json").read_bytes())
    config["vision_config"]["hidden_size"] *= 2
    (copy / "config.json").write_text(json.dumps(config))
    assert "cannot be read" in complaint(copy)


def test_another_architecture_is_refused(copy: Path) -> None:
    BertConfig().save_pretrained(copy)
    assert "bert" in complaint(copy)


class Hub:
    """Hands out our own checkpoints under the published names, and remembers what it was asked for."""

    def __init__(self, folders: dict[str, Path], root: Path) -> None:
        self.asked: list[tuple[str, str, list[str]]] = []
        self._folders, self._root = folders, root

    def fetch(self, name: str, *, revision: str, allow_patterns: list[str], local_files_only: bool) -> str:
        self.asked.append((name, revision, allow_patterns))
        commit = self._root / name / revision
        folder = self._folders["t5"] / "itc" if "itm" in name else self._folders["t5"]
        shutil.copytree(folder, commit, ignore=shutil.ignore_patterns("itc"), dirs_exist_ok=True)
        return str(commit)


@pytest.fixture
def hub(folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    hub = Hub(folders, tmp_path / "hub")
    monkeypatch.setattr(source, "snapshot_download", hub.fetch)
    return hub


def test_the_default_models_are_pinned_and_bring_no_pickles(hub: Hub) -> None:
    engine = load(EngineOptions(device="cpu"))
    assert [name for name, _, _ in hub.asked] == [DEFAULT_MODEL, "Salesforce/blip2-itm-vit-g"]
    assert all(len(revision) == 40 for _, revision, _ in hub.asked)
    assert engine.info.revision == "+".join(revision for _, revision, _ in hub.asked)
    assert engine.info.name == DEFAULT_MODEL
    assert not {"*.bin", "*.pt", "*.py", "*"} & {
        pattern for _, _, patterns in hub.asked for pattern in patterns
    }


def test_a_quantized_default_model_can_still_search(hub: Hub, tmp_path: Path) -> None:
    full = load(EngineOptions(device="cpu"))
    folder = quantize(DEFAULT_MODEL, tmp_path / "int8", EngineOptions(device="cpu"))
    once = load(EngineOptions(model=str(folder), device="cpu"))
    assert once.embed_text(["a cat"]).shape == (1, 16)
    assert once.info.revision == full.info.revision


def test_the_revision_names_the_weights_wherever_they_lie(copy: Path, folders: dict[str, Path]) -> None:
    assert source.find_checkpoint(str(copy)).revision == source.find_checkpoint(str(folders["opt"])).revision
    weights = bytearray((copy / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (copy / "model.safetensors").write_bytes(weights)
    assert source.find_checkpoint(str(copy)).revision != source.find_checkpoint(str(folders["opt"])).revision


def test_a_change_anywhere_in_a_large_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with (tmp_path / "model.safetensors").open("wb") as file:
        file.truncate(80 << 20)  # sparse: no bytes are written
    before = source.fingerprint(tmp_path)
    with (tmp_path / "model.safetensors").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"x")
    assert source.fingerprint(tmp_path) != before


def test_the_card_tells_users_what_the_model_knows(copy: Path) -> None:
    (copy / "card.json").write_text(json.dumps({"name": "Small", "knows": "Only cats.", "scores": {"x": 1}}))
    info = load(EngineOptions(model=str(copy), device="cpu")).info
    assert (info.name, info.knows) == ("Small", "Only cats.")


def test_a_checkpoint_may_set_its_own_lengths_and_beams(copy: Path) -> None:
    own = {"min_new_tokens": 1, "max_new_tokens": 3, "num_beams": 2, "answer_max_new_tokens": 20}
    (copy / "generation_config.json").write_text(json.dumps(own))
    engine = load(EngineOptions(model=str(copy), device="cpu"))
    assert isinstance(engine, Blip2Engine)
    assert (engine._caption_limits, engine._beams) == (Limits(1, 3, CAPTION.length_penalty), 2)
    assert engine._answer_limits == ANSWER._replace(max_new=20)
    tokens = [encoded.tokens for encoded in engine.encode([picture(0)])]
    assert engine.generate_ids(tokens, [Prompt()]).shape[1] <= 3


def test_a_device_that_is_not_there_is_a_setting_error() -> None:
    for device in ("cuda:7", "quantum"):
        with pytest.raises(BadSetting, match="VLM_DEVICE"):
            pick_device(device)
    assert pick_device("cpu") == torch.device("cpu")


def test_the_dtype_follows_device_size_and_family(folders: dict[str, Path]) -> None:
    opt, t5 = (AutoConfig.from_pretrained(folders[name]).text_config for name in ("opt", "t5"))
    cpu, gpu, large = torch.device("cpu"), torch.device("cuda:0"), 8 << 30
    assert pick_dtype("auto", cpu, t5, 1000) == torch.float32
    assert pick_dtype("auto", cpu, t5, large) == torch.bfloat16
    assert pick_dtype("auto", gpu, t5, large) == torch.bfloat16
    assert pick_dtype("auto", gpu, opt, large) == torch.float16
    assert pick_dtype("fp16", cpu, t5, 1000) == torch.float16


def test_the_echo_engine_needs_no_torch() -> None:
    program = (
        "import sys; from vlm.engine.base import EngineOptions; from vlm.engine.load import load\n"
        "load(EngineOptions(model='echo'))\n"
        "assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
