"""A model's folder is data: whatever stands in it, none of its code runs, and what cannot be is said."""

import json
import os
import pickle
import re
import resource
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors import safe_open

from vlm.engine.base import EngineOptions
from vlm.engine.load import load
from vlm.errors import BadSetting, ModelNotFound

OPTIONS = {"device": "cpu", "translator": "none", "itc_model": "none"}


@pytest.fixture
def copied(folders: dict[Any, Path], tmp_path: Path) -> Path:
    """A checkpoint that may be spoiled."""
    return Path(shutil.copytree(folders["opt"], tmp_path / "model"))


@pytest.fixture
def ran(tmp_path: Path) -> Path:
    """What code of the folder would leave behind, had it run."""
    return tmp_path / "ran"


def change(file: Path, **values: Any) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


def opened(folder: Path, kind: str = "") -> str:
    """How opening it ends: 'open', or the error's sentence."""
    try:
        load(EngineOptions(model=f"{kind}{folder}", **OPTIONS))
    except (ModelNotFound, BadSetting) as error:
        return str(error)
    return "open"


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.mkdir, (str(self.path),)


@pytest.mark.promise("security#model-runs-nothing")
def test_code_that_the_folder_brings_along_is_not_run(copied: Path, ran: Path) -> None:
    (copied / "evil.py").write_text(f"import os; os.mkdir({str(ran)!r})\nclass Evil: pass\n")
    autos = dict.fromkeys(("AutoConfig", "AutoModel", "AutoTokenizer", "AutoProcessor"), "evil.Evil")
    for name in ("config.json", "tokenizer_config.json", "processor_config.json"):
        change(copied / name, auto_map=autos)
    change(copied / "tokenizer_config.json", tokenizer_class="Evil")
    opened(copied)
    assert not ran.exists()


@pytest.mark.promise("security#model-runs-nothing")
def test_pickled_weights_are_not_opened(copied: Path, ran: Path) -> None:
    bomb = pickle.dumps(Bomb(ran), protocol=2)
    (copied / "pytorch_model.bin").write_bytes(bomb)
    assert opened(copied) == "open"  # its safetensors are read; what lies beside them is not
    for file in copied.glob("*.safetensors"):
        file.unlink()
    assert "safetensors, the only format read" in opened(copied)
    (copied / "model.safetensors").write_bytes(bomb)
    assert "cannot be read" in opened(copied)
    assert not ran.exists()
    pickle.loads(bomb)  # noqa: S301 - the bomb is a real one
    assert ran.exists()


@pytest.mark.promise("security#model-runs-nothing")
def test_a_translators_pickle_is_read_as_tensors_only(tmp_path: Path, ran: Path) -> None:
    from importlib.resources import files

    from vlm.engine.checkpoints import open_translator

    folder = Path(shutil.copytree(str(files("vlm") / "assets" / "translator"), tmp_path / "translator"))
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb(ran), protocol=2) + bytes(8 << 20))
    with pytest.raises(ModelNotFound, match="cannot be read"):
        open_translator(str(folder), device="cpu")
    assert not ran.exists()


@pytest.mark.promise("security#model-config-limits")
@pytest.mark.parametrize(
    "values",
    [
        {"model_type": "evil"},
        {"num_query_tokens": 10**12},
        {"vision_config": {"hidden_size": 10**9}},
        {"vision_config": {"hidden_size": 10**6, "intermediate_size": 10**6}},
        {"text_config": {"num_hidden_layers": 10**6}},
        {"text_config": {"vocab_size": 10**12}},
        {"vision_config": {"num_hidden_layers": -1, "hidden_size": "wide"}},
        {"qformer_config": []},
        {"text_config": {"vocab_size": 9_000_000}},
        {"text_config": {"ffn_dim": 9_000_000}},
        {"text_config": {"num_hidden_layers": 900, "ffn_dim": 9_000}},
        {"num_query_tokens": 9_000_000},
    ],
    ids=str,
)
def test_a_configuration_that_cannot_be_is_said_and_takes_no_memory(
    copied: Path, values: dict[str, Any]
) -> None:
    config = json.loads((copied / "config.json").read_text())
    for name, value in values.items():
        config[name] = config[name] | value if isinstance(value, dict) else value
    (copied / "config.json").write_text(json.dumps(config))
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert opened(copied) != "open"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib < 512 * 1024


@pytest.mark.promise("security#model-config-limits")
def test_a_configuration_without_end_is_not_read(copied: Path) -> None:
    (copied / "config.json").write_text("[" * 100_000)
    assert "cannot be read" in opened(copied)
    (copied / "config.json").write_text(" " * (2 << 20))
    assert "too long" in opened(copied)


@pytest.mark.promise("security#model-config-limits")
def test_what_config_json_asks_for_is_compared_with_what_is_stored(copied: Path) -> None:
    config = json.loads((copied / "config.json").read_text())
    change(copied / "config.json", text_config=config["text_config"] | {"vocab_size": 9_000_000})
    assert re.search(r"asks for [\d,]{11,} numbers; its files hold [\d,]+\.$", opened(copied))


@pytest.mark.promise("security#model-stays-in-folder")
@pytest.mark.parametrize(
    "file", ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]
)
def test_a_file_that_lies_elsewhere_is_not_read(copied: Path, tmp_path: Path, file: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (copied / file).rename(elsewhere / file)
    (copied / file).symlink_to(elsewhere / file)
    assert f"{file} lies outside of the folder" in opened(copied)
    (copied / file).unlink()
    (elsewhere / file).rename(copied / f"real-{file}")
    (copied / file).symlink_to(f"real-{file}")  # a link within the folder leads nowhere else
    assert opened(copied) == "open"


@pytest.mark.promise("security#model-stays-in-folder")
def test_a_folder_within_that_leads_out_is_not_entered(copied: Path, tmp_path: Path) -> None:
    (copied / "itc").rename(tmp_path / "itc")
    (copied / "itc").symlink_to(tmp_path / "itc", target_is_directory=True)
    assert "itc lies outside" in opened(copied)


@pytest.mark.promise("security#model-stays-in-folder")
def test_a_classic_captioners_folder_is_looked_at_too(classic_folder: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(classic_folder, tmp_path / "classic"))
    assert opened(copied, "classic:") == "open"
    (copied / "vocabulary.json").rename(tmp_path / "vocabulary.json")
    (copied / "vocabulary.json").symlink_to(tmp_path / "vocabulary.json")
    assert "vocabulary.json lies outside of the folder" in opened(copied, "classic:")


@pytest.mark.promise("security#model-stays-in-folder")
def test_the_hubs_own_links_are_followed(copied: Path, tmp_path: Path) -> None:
    snapshot, blobs = tmp_path / "models--a--b" / "snapshots" / "c0ffee", tmp_path / "models--a--b" / "blobs"
    snapshot.mkdir(parents=True)
    blobs.mkdir()
    for number, file in enumerate(path for path in copied.iterdir() if path.is_file()):
        file.rename(blobs / str(number))
        (snapshot / file.name).symlink_to(f"../../blobs/{number}")
    assert opened(snapshot) == "open"
    (snapshot / "model.safetensors").unlink()
    (snapshot / "model.safetensors").symlink_to("../../../elsewhere")
    assert "outside" in opened(snapshot)


@pytest.mark.promise("security#model-stays-in-folder")
def test_shards_are_taken_from_the_folder_alone(copied: Path, tmp_path: Path) -> None:
    (copied / "model.safetensors").rename(tmp_path / "outside.safetensors")
    with safe_open(tmp_path / "outside.safetensors", framework="pt") as file:
        names = list(file.keys())
    for shard in ("../outside.safetensors", str(tmp_path / "outside.safetensors")):
        index = {"metadata": {}, "weight_map": dict.fromkeys(names, shard)}
        (copied / "model.safetensors.index.json").write_text(json.dumps(index))
        (copied / "other.safetensors").write_bytes(b"")
        assert "lies outside of the folder" in opened(copied)


@pytest.mark.promise("security#model-stays-in-folder")
def test_a_tokenizer_of_elsewhere_is_not_read(copied: Path, tmp_path: Path) -> None:
    (copied / "tokenizer.json").rename(tmp_path / "tokenizer.json")
    change(copied / "tokenizer_config.json", tokenizer_file=str(tmp_path / "tokenizer.json"))
    assert "cannot be read" in opened(copied)


@pytest.mark.promise("security#model-stays-in-folder")
def test_an_adapter_draws_in_no_other_model(copied: Path, tmp_path: Path) -> None:
    base = tmp_path / "base"
    (copied / "adapter_config.json").write_text(
        json.dumps({"peft_type": "LORA", "base_model_name_or_path": str(base), "auto_mapping": {"a": "b"}})
    )
    assert "holds an adapter (LoRA): merge it" in opened(copied)
