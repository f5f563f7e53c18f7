"""A model's folder is data: whatever stands in it, none of its code runs, and what cannot be is said."""

import json
import os
import pickle
import resource
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vlm.engine.load import EngineOptions, load
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


def opened(folder: Path) -> str:
    """How opening it ends: 'open', or the error's sentence."""
    try:
        load(EngineOptions(model=str(folder), **OPTIONS))
    except (ModelNotFound, BadSetting) as error:
        return str(error)
    return "open"


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.mkdir, (str(self.path),)


def test_code_that_the_folder_brings_along_is_not_run(copied: Path, ran: Path) -> None:
    (copied / "evil.py").write_text(f"import os; os.mkdir({str(ran)!r})\nclass Evil: pass\n")
    autos = dict.fromkeys(("AutoConfig", "AutoModel", "AutoTokenizer", "AutoProcessor"), "evil.Evil")
    for name in ("config.json", "tokenizer_config.json", "processor_config.json"):
        change(copied / name, auto_map=autos)
    change(copied / "tokenizer_config.json", tokenizer_class="Evil")
    opened(copied)
    assert not ran.exists()


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


def test_a_translators_pickle_is_read_as_tensors_only(tmp_path: Path, ran: Path) -> None:
    from importlib.resources import files

    from vlm.engine.checkpoints import open_translator

    folder = Path(shutil.copytree(str(files("vlm") / "assets" / "translator"), tmp_path / "translator"))
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb(ran), protocol=2))
    with pytest.raises(ModelNotFound, match="cannot be read"):
        open_translator(str(folder), device="cpu")
    assert not ran.exists()


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


def test_a_configuration_without_end_is_not_read(copied: Path) -> None:
    (copied / "config.json").write_text("[" * 100_000)
    assert "cannot be read" in opened(copied)
    (copied / "config.json").write_text(" " * (2 << 20))
    assert "too long" in opened(copied)
