"""`vlm evaluate` and `vlm compare` as people type them."""

from pathlib import Path

import pytest
from support.evaluated import colours

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
        ("evaluate caption --model echo --data data --out data/red.png", "data/red.png: File exists."),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    command: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command.split()) in (1, 2)
    said = capsys.readouterr().err
    assert reason in said and said.count("\n") == 1


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("evaluate caption --data data --limit few", "--limit: 'few' is not a whole number from 1 on"),
        ("evaluate caption --data data --batch 0", "--batch: '0' is not a whole number from 1 on"),
        ("compare one two --seed -1", "--seed: '-1' is not a whole number from 0 on"),
        ("scenes lines.jsonl --layout parallel --seed -1", "--seed: '-1' is not a whole number from 0 on"),
        ("find data cat --limit 1.5", "--limit: '1.5' is not a whole number from 1 on"),
        ("train tiny out --threads 0", "--threads: '0' is not a whole number from 1 on"),
    ],
)
def test_what_is_no_such_number_is_told_in_words(
    command: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(command.split())
    assert ended.value.code == 2 and reason in capsys.readouterr().err


def test_a_name_of_the_data_breaks_no_table(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = '{"image": "red.png", "question": "what?", "answer": "x", "kind": "a|<b>"}\n'
    (here / "data" / "questions.jsonl").write_text(line)
    for command in ("evaluate vqa --model echo --data data --out one", "compare one"):
        assert main(command.split()) == 0
        assert "| accuracy, a/‹b› |" in capsys.readouterr().out


def test_scores_on_scenes_stand_with_the_command_to_have_them_again(here: Path) -> None:
    command = "evaluate scenes --model echo --count 2 --seed 3 --out scores"
    assert main(command.split()) == 0
    assert f"`vlm {command}`" in (here / "scores" / "result.md").read_text()
