from pathlib import Path

import pytest
import torch

from support.checkpoints import Language, write, write_classic


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)  # small matrices: more threads only fight with the other tests


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[Language, Path]:
    """One random checkpoint of each family."""
    root = tmp_path_factory.mktemp("checkpoints")
    return {"opt": write(root / "opt", "opt"), "t5": write(root / "t5", "t5")}


@pytest.fixture(scope="session")
def classic_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random classic captioner."""
    return write_classic(tmp_path_factory.mktemp("checkpoints") / "classic")


@pytest.fixture(params=["opt", "t5"])
def folder(request: pytest.FixtureRequest, folders: dict[Language, Path]) -> Path:
    """Each family in turn."""
    return folders[request.param]
