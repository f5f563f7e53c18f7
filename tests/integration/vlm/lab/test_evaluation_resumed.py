"""An interrupted run continues where it was, and never mixes with another."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image
from support.evaluated import MODEL, Watched, caption_data, colours, evaluated
from support.vlm_process import ENVIRONMENT, Vlm

from vlm.engine.echo import EchoEngine
from vlm.errors import BadRequest, Unavailable
from vlm.lab.evaluation.predictions import NAME, Prediction, Predictions

MANY = 300


def many(folder: Path) -> Path:
    """So many pictures that a run can be caught at work."""
    folder.mkdir()
    Image.new("RGB", (32, 32), "red").save(folder / "one.png")
    for number in range(1, MANY):
        (folder / f"{number:04}.png").symlink_to("one.png")
        (folder / f"{number:04}.txt").write_text(f"a red picture, number {number}\n")
    (folder / "one.txt").write_text("the first red picture\n")
    return folder


def test_a_run_that_was_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    many(tmp_path / "data")
    command = ("evaluate", "caption", "--model", "echo", "--data", "data", "--batch", "1", "--out", "out")
    path = tmp_path / "out" / NAME
    process = subprocess.Popen(
        [sys.executable, "-m", "vlm.cli", *command], cwd=tmp_path, env=ENVIRONMENT, stderr=subprocess.DEVNULL
    )
    deadline_s = time.monotonic() + 100
    try:
        while not (path.exists() and path.read_bytes().count(b"\n") > 3):
            assert process.poll() is None and time.monotonic() < deadline_s
            time.sleep(0.002)
    finally:
        process.kill()
        process.wait()
    before = path.read_bytes()
    kept = before[: before.rindex(b"\n") + 1]
    assert kept.count(b"\n") < MANY, "killed before its end"
    again = Vlm(tmp_path)(*command)
    assert again.returncode == 0, again.stderr
    done = kept.count(b"\n") - 1
    assert f"{done:,} of {MANY:,} examples are done already" in again.stderr
    after = path.read_bytes()
    assert after.startswith(kept)
    assert len({json.loads(line)["id"] for line in after.splitlines()[1:]}) == after.count(b"\n") - 1 == MANY
    assert json.loads((tmp_path / "out" / "result.json").read_text())["examples"] == MANY


def test_a_line_that_was_cut_short_is_asked_again(tmp_path: Path) -> None:
    data, out = caption_data(colours(tmp_path / "data")), tmp_path / "out"
    whole = evaluated(EchoEngine(), "caption", data, out)
    path = out / NAME
    path.write_bytes(path.read_bytes()[:-10])
    engine = Watched()
    assert evaluated(engine, "caption", data, out).scores == whole.scores
    assert engine.looked == 1 and path.read_bytes().count(b"\n") == 7


def test_what_failed_is_tried_again(tmp_path: Path) -> None:
    folder, header = tmp_path / "out", {"task": "caption"}
    with Predictions(folder, header) as first:
        first.add([Prediction(id="a", text="a cat"), Prediction(id="b", error="The memory is full.")])
    with Predictions(folder, header) as again:
        assert set(again.done) == {"a"}
        again.add([Prediction(id="b", text="a dog")])
    with Predictions(folder, header) as later:
        assert later.done["b"].text == "a dog"


@pytest.mark.parametrize(
    "damage", [b"thesis\n", b"[1]\n", b'{"task": "caption"}\nno prediction\n', b"\xff\n"]
)
def test_a_damaged_file_is_named_and_kept(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / NAME).write_bytes(damage)
    with pytest.raises(BadRequest, match=r"predictions.jsonl is damaged.*--fresh"):
        Predictions(tmp_path, {"task": "caption"})
    assert (tmp_path / NAME).read_bytes() == damage


def test_a_finished_run_is_scored_again_without_asking(tmp_path: Path) -> None:
    data, out, engine = caption_data(colours(tmp_path / "data")), tmp_path / "out", Watched()
    results = [evaluated(engine, "caption", data, out) for _ in range(2)]
    assert results[0] == results[1] and engine.looked == 6


def test_another_model_task_or_data_in_the_same_folder_is_refused_until_it_is_said_to_begin_anew(
    tmp_path: Path,
) -> None:
    data, out = caption_data(colours(tmp_path / "data")), tmp_path / "out"
    evaluated(EchoEngine(), "caption", data, out)
    with pytest.raises(BadRequest, match=r"another model \(some model 1; now it is some model 2\).*--fresh"):
        evaluated(EchoEngine(), "caption", data, out, model={**MODEL, "revision": "2"})
    with pytest.raises(BadRequest, match="another task"):
        evaluated(EchoEngine(), "retrieval", data, out)
    with pytest.raises(BadRequest, match="another data"):
        evaluated(EchoEngine(), "caption", caption_data(tmp_path / "data", limit=2), out)
    engine = Watched()
    assert evaluated(engine, "caption", data, out, fresh=True).examples == engine.looked == 6


def test_two_runs_never_write_to_one_folder(tmp_path: Path) -> None:
    with Predictions(tmp_path, {"task": "caption"}) as first:
        first.add([Prediction(id="a", text="a cat")])
        with pytest.raises(Unavailable, match="Another run is at work"):
            Predictions(tmp_path, {"task": "caption"}, fresh=True)
    with Predictions(tmp_path, {"task": "caption"}) as later:
        assert later.done["a"].text == "a cat"
