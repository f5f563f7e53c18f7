"""`vlm train classic` and what it leaves, as people use them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from support.classic import write_pictures

from vlm.cli import main

Vlm = Callable[..., tuple[int, str, str]]
TRAIN = (
    "train", "classic", "--data", "Flickr8k", "--out", "models/classic",
    "--width", "0.05", "--epochs", "2", "--sight-epochs", "1",
)  # fmt: skip


@pytest.fixture
def vlm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Vlm:
    """The command in a folder with pictures: its exit status, what it says, and its remarks."""
    write_pictures(tmp_path / "Flickr8k", {"train": 8, "val": 4, "test": 4})
    Image.new("RGB", (64, 48), "red").save(tmp_path / "red.png")
    monkeypatch.chdir(tmp_path)
    for name in ("OMP_NUM_THREADS", "TRANSFORMERS_VERBOSITY", "HF_HUB_VERBOSITY"):
        monkeypatch.setenv(
            name, "1" if name.startswith("OMP") else "error"
        )  # what it sets ends with the test

    def run(*arguments: str) -> tuple[int, str, str]:
        status = main(arguments)
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def test_a_captioner_is_trained_by_one_command_and_captions_by_the_next(vlm: Vlm) -> None:
    status, said, _ = vlm(*TRAIN)
    assert status == 0
    assert said.endswith("vlm caption --model classic:models/classic PICTURE\n")
    status, said, remarks = vlm("caption", "--json", "--model", "classic:models/classic", "red.png")
    assert status == 0
    line = json.loads(said)
    assert line["model"] == "afterimage-classic" and line["caption"]
    assert "It knows the 8 words" in remarks
    status, _, remarks = vlm("ask", "--model", "classic:models/classic", "red.png", "How many?")
    assert status == 1 and "only writes captions" in remarks


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--data", "nowhere"), "There is no folder nowhere"),
        (("--weights", "vgg16.pth"), "There is no file vgg16.pth; take torchvision's"),
        (("--width", "0"), "--width is 0"),
        (("--seed", "-1"), "--seed is -1"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(vlm: Vlm, more: tuple[str, ...], said: str) -> None:
    status, _, remarks = vlm(*TRAIN, *more)
    assert status == 2
    assert remarks.count("\n") == 1 and said in remarks


def test_a_captioner_that_is_not_there_says_how_to_make_one(vlm: Vlm) -> None:
    status, _, remarks = vlm("caption", "--model", "classic:nowhere", "red.png")
    assert status == 2
    assert remarks.count("\n") == 1 and "vlm train classic" in remarks
