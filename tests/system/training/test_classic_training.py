"""Training in miniature: it learns, it stops and goes on, and it leaves a folder that an engine loads."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from support.classic import write_pictures

from vlm.engine.base import EngineOptions, Prompt
from vlm.engine.classic.captioner import load as load_captioner
from vlm.engine.classic.vgg import Vgg16
from vlm.engine.load import load
from vlm.errors import BadImage, BadRequest, BadSetting, NotFound
from vlm.images.opening import open_picture
from vlm.lab.classic import features as feature_files
from vlm.lab.classic import fit
from vlm.lab.classic.card import OWN
from vlm.lab.classic.features import open_split
from vlm.lab.classic.train import SPLITS, TRAINING, Recipe, read_log, train_classic
from vlm.lab.datasets.splits import split_by_name

RECIPE = Recipe(
    width=1 / 16, side_px=32, sight_epochs=2, epochs=2, renderings=2, at_least=1, longest=8, patience=99
)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pictures(tmp_path_factory.mktemp("data") / "Flickr8k", {"train": 8, "val": 4, "test": 4})


@pytest.fixture(scope="module")
def whole(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nobody stopped."""
    out = tmp_path_factory.mktemp("runs") / "out"
    train_classic(data, out, RECIPE)
    return out


def losses(out: Path) -> dict[str, list[float]]:
    lines = read_log(out / TRAINING / fit.LOG)
    return {phase: [line["val_loss"] for line in some] for phase, some in lines.items()}


def test_it_learns_four_pictures_by_heart(tmp_path: Path) -> None:
    data = write_pictures(tmp_path / "four", {"train": 4, "val": 4, "test": 4})
    torch.manual_seed(0)
    weights, _ = published(tmp_path)
    train_classic(data, tmp_path / "out", replace(RECIPE, epochs=250, rate=2e-3), weights=weights)
    engine = load(EngineOptions(model=f"classic:{tmp_path / 'out'}", device="cpu"))
    for example in open_split(data, "auto", "train"):
        [seen] = engine.encode([open_picture(example.image.read_bytes())])
        [said] = engine.generate([seen.tokens], [Prompt()])
        assert said in {caption.lower().rstrip(" .") for caption in example.captions}


def test_sight_names_what_four_pictures_show(tmp_path: Path) -> None:
    data = write_pictures(tmp_path / "four", {"train": 4, "val": 4, "test": 4})
    train_classic(data, tmp_path / "out", replace(RECIPE, width=1 / 8, sight_epochs=60))
    sight = read_log(tmp_path / "out" / TRAINING / fit.LOG)["sight"]
    assert min(line["val_loss"] for line in sight) < 0.7 * sight[0]["val_loss"]
    assert max(line["val_accuracy"] for line in sight) >= 0.75


def test_every_epoch_is_logged_with_loss_and_accuracy(whole: Path) -> None:
    lines = read_log(whole / TRAINING / fit.LOG)
    assert {phase: [line["epoch"] for line in some] for phase, some in lines.items()} == {
        "sight": [0, 1],
        "words": [0, 1],
    }
    for line in (*lines["sight"], *lines["words"]):
        assert 0 <= line["val_accuracy"] <= 1
        assert line["loss"] > 0
    assert (whole / "curves.svg").read_text().lstrip().startswith("<?xml")


def test_what_is_left_names_command_data_scores_and_hashes(whole: Path, data: Path) -> None:
    card = json.loads((whole / "card.json").read_text())
    assert card["command"].startswith(f"vlm train classic --data {data.name} ")
    assert card["data"] == "pictures: 8 train, 4 val, 4 test; 16 captions in training"
    assert 0 <= card["scores"]["test"]["BLEU-1"] <= 1
    assert "sacrebleu" in (whole / "README.md").read_text() and "version" in card["signature"]
    assert set(card["sha256"]) == set(OWN)
    captioner = load_captioner(whole)
    assert set(captioner.words.known) == {"a", "wall", "that", "is", "red", "green", "blue", "yellow"}


@pytest.mark.parametrize("saves", [1, 3], ids=["while it learns to see", "while it learns to tell"])
def test_a_stopped_run_goes_on_as_if_nothing_had_happened(
    whole: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, saves: int
) -> None:
    out = tmp_path / whole.name
    stop_after(saves, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        train_classic(data, out, RECIPE)
    monkeypatch.undo()
    train_classic(data, out, RECIPE)
    assert losses(out) == losses(whole)
    once, again = load_captioner(whole).state_dict(), load_captioner(out).state_dict()
    assert all(torch.equal(once[name], again[name]) for name in once)


def stop_after(saves: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C, right after a checkpoint has been written."""
    save = fit._save
    left = [saves]

    def save_and_stop(*arguments: object) -> None:
        save(*arguments)  # type: ignore[arg-type]
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt

    monkeypatch.setattr(fit, "_save", save_and_stop)


def test_the_best_epoch_is_kept_and_a_run_that_gains_nothing_ends_early(data: Path, tmp_path: Path) -> None:
    recipe = replace(RECIPE, epochs=40, rate=0.3, patience=2)  # far too steep: soon it only gets worse
    train_classic(data, tmp_path / "out", recipe)
    told = losses(tmp_path / "out")["words"]
    assert len(told) < 40
    assert min(told) not in told[-2:]
    card = json.loads((tmp_path / "out" / "card.json").read_text())
    assert card["epochs"]["words"]["val_loss"] == min(told)


def test_a_finished_run_is_left_again_without_learning_more(whole: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / whole.name
    shutil.copytree(whole, out)
    (out / "model.safetensors").unlink()
    train_classic(data, out, RECIPE)
    assert (out / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
    assert losses(out) == losses(whole)


def test_a_folder_begun_otherwise_is_refused(whole: Path, data: Path) -> None:
    with pytest.raises(BadRequest, match="begun with other data or options"):
        train_classic(data, whole, replace(RECIPE, seed=5))


def published(folder: Path) -> tuple[Path, Vgg16]:
    """A file of weights in the layout of torchvision, narrow, and the network that is in it."""
    vgg = Vgg16(width=1 / 16, side_px=64)
    save_file(
        {name: weight.contiguous() for name, weight in vgg.state_dict().items()}, folder / "vgg16.safetensors"
    )
    return folder / "vgg16.safetensors", vgg


def test_published_weights_stay_as_they_are_and_look_once(data: Path, tmp_path: Path) -> None:
    weights, vgg = published(tmp_path)
    train_classic(data, tmp_path / "out", RECIPE, weights=weights)
    captioner = load_captioner(tmp_path / "out")
    assert (captioner.config.width, captioner.config.side_px) == (1 / 16, 64)
    for name, weight in vgg.state_dict().items():
        assert torch.equal(weight, captioner.vgg.state_dict()[name])
    assert list(losses(tmp_path / "out")) == ["words"]
    features = np.load(tmp_path / "out" / TRAINING / "features-train.npy")
    assert features.shape == (8, 1, vgg.dense)
    assert not np.isnan(features).any()


def test_pictures_already_looked_at_are_not_looked_at_again(data: Path, tmp_path: Path) -> None:
    weights, _ = published(tmp_path)
    out = tmp_path / "out"
    train_classic(data, out, RECIPE, weights=weights)
    path = out / TRAINING / "features-train.npy"
    features = np.load(path)
    true = features[0].copy()
    features[0], features[1] = np.nan, 7
    np.save(path, features)
    train_classic(data, out, RECIPE, weights=weights)
    again = np.load(path)
    np.testing.assert_array_equal(again[0], true)
    assert (again[1] == 7).all()


def test_a_look_killed_before_its_file_was_filled_begins_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, seen = tmp_path / "features-train.npy", np.full((3, 5), 2, np.float16)

    def create_and_stop(*arguments: object) -> None:
        np.lib.format.open_memmap(*arguments)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(feature_files, "open_memmap", create_and_stop)
    with pytest.raises(KeyboardInterrupt):
        feature_files.features_of(3, 5, 1, lambda rows, _: torch.from_numpy(seen[rows]), path)
    monkeypatch.undo()
    features = feature_files.features_of(3, 5, 1, lambda rows, _: torch.from_numpy(seen[rows]), path)
    np.testing.assert_array_equal(features[:, 0], seen)


def write_sidecars(folder: Path, data: Path, names: Sequence[str]) -> None:
    for name in names:
        shutil.copy(data / "Flicker8k_Dataset" / "train0.jpg", folder / f"{name}.jpg")
        (folder / f"{name}.txt").write_text("a red wall\n")


def test_data_without_splits_is_split_by_picture_as_everywhere(data: Path, tmp_path: Path) -> None:
    write_sidecars(tmp_path, data, [str(number) for number in range(40)])
    splits = {one.id: split for split in SPLITS for one in open_split(tmp_path, "auto", split)}
    assert splits == split_by_name(f"{number}.jpg" for number in range(40))
    assert sum(len(open_split(tmp_path, "auto", split)) for split in SPLITS) == 40


def test_where_some_lines_name_splits_no_picture_is_in_two(data: Path, tmp_path: Path) -> None:
    write_sidecars(tmp_path, data, "abcdef")
    named = {"a": "train", "b": "val", "c": "test"}
    lines = [{"image": f"{name}.jpg", "text": "a wall", "split": named.get(name, "")} for name in "abcdef"]
    (tmp_path / "captions.jsonl").write_text("\n".join(map(json.dumps, lines)))
    found = [(one.id, split) for split in SPLITS for one in open_split(tmp_path, "jsonl", split)]
    assert len(found) == 6
    assert {(f"{name}.jpg", split) for name, split in named.items()} <= set(found)


def test_too_few_pictures_to_hold_some_back_are_told(data: Path, tmp_path: Path) -> None:
    write_sidecars(tmp_path, data, "ab")
    with pytest.raises(NotFound, match="too few pictures"):
        train_classic(tmp_path, tmp_path / "out", RECIPE)


def test_coco_s_own_annotations_are_refused_as_they_have_no_test_split(data: Path, tmp_path: Path) -> None:
    (tmp_path / "annotations").mkdir()
    said = {
        "images": [{"id": 1, "file_name": "1.jpg"}],
        "annotations": [{"image_id": 1, "id": 1, "caption": "a wall"}],
    }
    for split in ("train", "val"):
        (tmp_path / "annotations" / f"captions_{split}2014.json").write_text(json.dumps(said))
        (tmp_path / f"{split}2014").mkdir()
        shutil.copy(data / "Flicker8k_Dataset" / "train0.jpg", tmp_path / f"{split}2014" / "1.jpg")
    with pytest.raises(NotFound, match="no captions in the split test"):
        train_classic(tmp_path, tmp_path / "out", RECIPE, layout="coco")
    assert not (tmp_path / "out").exists()
    assert "COCO with Karpathy's split file" in Path("docs/classic.md").read_text("utf-8")


def test_what_cannot_be_trained_is_said_before_the_work(data: Path, tmp_path: Path) -> None:
    for recipe, said in (
        (replace(RECIPE, width=0), "--width"),
        (replace(RECIPE, side_px=100), "multiple of 32"),
        (replace(RECIPE, epochs=0), "--epochs"),
    ):
        with pytest.raises(BadSetting, match=said):
            train_classic(data, tmp_path / "out", recipe)
    with pytest.raises(NotFound):
        train_classic(tmp_path / "nowhere", tmp_path / "out", RECIPE)


def test_a_broken_picture_is_named(tmp_path: Path) -> None:
    data = write_pictures(tmp_path / "broken", {"train": 2, "val": 2, "test": 2})
    (data / "Flicker8k_Dataset" / "train1.jpg").write_bytes(b"\xff\xd8 cut short")
    with pytest.raises(BadImage, match=r"train1\.jpg"):
        train_classic(data, tmp_path / "out", RECIPE)
