"""`vlm evaluate` and `vlm compare` as people type them."""

from pathlib import Path

import pytest
from evaluated import colours

from vlm.cli import main
from vlm.lab.evaluation.results import NAME


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    colours(tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_run_prints_its_table_and_says_where_to_look(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "caption", "--model", "echo", "--data", "data"]) == 0
    said = capsys.readouterr()
    assert "# echo on data: caption" in said.out and "| CIDEr |" in said.out
    assert "`vlm evaluate caption --model echo --data data`" in said.out, "the command to have it again"
    assert "open runs/caption-echo-data/report.html" in said.err
    assert (here / "runs" / "caption-echo-data" / NAME).is_file()


def test_runs_are_compared_in_a_table_and_on_a_page(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for out in ("one", "two"):
        main(["evaluate", "retrieval", "--model", "echo", "--data", "data", "--out", out])
    capsys.readouterr()
    assert main(["compare", "one", "two/result.json", "--html", "page.html"]) == 0
    table = capsys.readouterr().out
    assert "| | echo (one) | echo (two) |" in table and "Δ +0.000" in table
    assert "echo (two)" in (here / "page.html").read_text()


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("evaluate caption --model echo --data nowhere", "There is no folder nowhere"),
        ("evaluate translate --data nowhere.jsonl", "There is no file of parallel lines nowhere.jsonl"),
        ("evaluate vqa --model echo --data data", "data"),
        ("evaluate caption --model echo --data data --split tset", "no split 'tset'"),
        ("evaluate retrieval --model echo --data data --fit", "needs at least 48 pictures"),
        ("compare nowhere", "There is no finished run in"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    command: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command.split()) == 2
    said = capsys.readouterr().err
    assert reason in said and said.count("\n") == 1
