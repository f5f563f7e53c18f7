"""`vlm scenes` writes the same files for the same seed, goes on where it was, and spoils nobody's folder."""

from pathlib import Path

import pytest

from vlm.cli import main
from vlm.commands import scenes
from vlm.errors import BadRequest
from vlm.lab import dataset_layouts
from vlm.lab.scene_dataset import MOST, VAL_FROM, plan_images, write_scenes
from vlm.lab.scenes import held_out_series, scene, training_series


def contents(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_the_same_seed_writes_the_same_files(tmp_path: Path) -> None:
    for name, seed in (("one", 4), ("two", 4), ("other", 5)):
        write_scenes(tmp_path / name, count=10, layout="coco", seed=seed)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert contents(tmp_path / "one") != contents(tmp_path / "other")


def test_what_is_tested_is_never_trained_on() -> None:
    pictures = {picture.split: picture.scene for picture in plan_images(10, 7)}
    assert list(pictures) == ["train", "val", "test"]
    assert pictures["train"] == scene(training_series(7), 7)
    assert pictures["val"] == scene(held_out_series(7), VAL_FROM)
    assert pictures["test"] == scene(held_out_series(7), 0)


def test_an_interrupted_run_goes_on_and_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    write_scenes(tmp_path / "whole", count=12, layout="flickr8k")
    write_scenes(tmp_path / "cut", count=12, layout="flickr8k")
    images = tmp_path / "cut" / "Flicker8k_Dataset"
    kept = images / "000003.jpg"
    drawn_ns = kept.stat().st_mtime_ns
    (images / "000007.jpg").rename(images / "000007.part")  # as if stopped in the middle of a picture
    (tmp_path / "cut" / "Flickr8k.token.txt").unlink()
    write_scenes(tmp_path / "cut", count=12, layout="flickr8k")
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")
    assert kept.stat().st_mtime_ns == drawn_ns


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--count", "9"], "I can draw 10 to 100,000 pictures, not 9"),
        (["--count", str(MOST + 1)], "not 100,001"),
    ],
)
def test_a_wrong_number_is_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(["scenes", str(tmp_path / "out"), *arguments]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_folder_that_holds_something_else_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert main(["scenes", str(tmp_path), "--count", "10"]) == 2
    assert "holds something else already; please name a new folder" in capsys.readouterr().err
    assert contents(tmp_path) == {"thesis.txt": b"years of work"}


def test_other_pictures_do_not_mix_with_those_that_are_there(tmp_path: Path) -> None:
    write_scenes(tmp_path / "out", count=10, layout="jsonl")
    before = contents(tmp_path / "out")
    with pytest.raises(BadRequest, match="give the same count, layout and seed"):
        write_scenes(tmp_path / "out", count=10, layout="jsonl", seed=1)
    assert contents(tmp_path / "out") == before


def test_the_command_says_what_it_made_and_what_comes_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "drawn"
    assert main(["scenes", str(out), "--count", "20", "--layout", "jsonl", "--seed", "2"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{out} is ready: 16 train, 2 val, 2 test.")
    assert f"--data {out}" in said


def test_the_help_offers_what_is_written() -> None:
    assert (*dataset_layouts.LAYOUTS, "parallel") == scenes.LAYOUTS  # parallel lines have no pictures
    with pytest.raises(BadRequest, match="please use flickr8k, coco, jsonl"):
        dataset_layouts.describe_files([], "imagenet")
