"""The `vlm` command as people and scripts use it: in processes of its own, mostly without a model."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.paths import SAMPLES
from support.vlm_process import ENVIRONMENT, Vlm, records, with_pictures

from vlm.cli import parser
from vlm.commands.models import options
from vlm.commands.output import Done, Failed, as_record
from vlm.settings import DEFAULT_MODEL, Settings

COMMANDS = [
    *("caption", "ask", "find", "worker", "server", "health", "doctor", "dead"),
    *("quantize", "train", "scenes", "evaluate", "compare"),
]


@pytest.fixture
def vlm(tmp_path: Path) -> Vlm:
    return with_pictures(tmp_path)


# Pictures, with the model in this process.


def test_a_bad_picture_is_told_what_is_wrong_and_the_others_are_still_done(vlm: Vlm) -> None:
    names = ["red.png", "notes.txt", "cut.png", ".", "gone.png", "blue.jpg"]
    run = vlm("caption", "--json", "--model", "echo", *names)
    assert run.returncode == 1
    lines = records(run)
    assert [line["path"] for line in lines] == names
    assert [line.get("error") for line in lines] == [
        None,
        "bad_image",
        "bad_image",
        "unsupported",
        "not_found",
        None,
    ]
    good, bad = lines[0], lines[1]
    assert good == {
        "path": "red.png",
        "caption": "a red picture of 64 by 48",
        "model": "echo",
        "seconds": good["seconds"],
    }
    assert isinstance(good["seconds"], float) and list(good) == ["path", "caption", "model", "seconds"]
    assert list(bad) == ["path", "error", "message"] and "JPEG, PNG" in bad["message"]


def test_an_answer_comes_with_its_question(vlm: Vlm) -> None:
    run = vlm("ask", "--json", "--model", "echo", "red.png", "What colour is it?")
    assert run.returncode == 0
    (line,) = records(run)
    assert list(line) == ["path", "question", "answer", "model", "seconds"]
    assert line["question"] == "What colour is it?" and "a red picture" in line["answer"]


@pytest.mark.parametrize(
    ("question", "code"), [("🙂🙂", "bad_request"), ("", "bad_request"), ("a" * 10_000, "too_large")]
)
def test_a_question_that_no_model_could_answer_is_an_error_of_its_picture(
    vlm: Vlm, question: str, code: str
) -> None:
    run = vlm("ask", "--json", "--model", "echo", "red.png", question)
    assert run.returncode == 1
    assert [line["error"] for line in records(run)] == [code]


def test_people_read_words_and_scripts_read_only_the_words(vlm: Vlm) -> None:
    single = vlm("caption", "--model", "echo", "red.png")
    assert single.returncode == 0 and single.stdout == "a red picture of 64 by 48\n"
    assert single.stderr.count("knows only colours") == 1, "a small model says what it knows"
    several = vlm("caption", "--model", "echo", "red.png", "gone.png", "blue.jpg")
    assert several.stdout == "red.png: a red picture of 64 by 48\nblue.jpg: a blue picture of 40 by 30\n"
    assert "vlm: gone.png: There is no such file; please check its name." in several.stderr


def test_more_pictures_than_a_batch_come_out_in_order(vlm: Vlm) -> None:
    names = ["red.png", "blue.jpg"] * 3
    run = vlm("caption", "--json", "--model", "echo", *names, VLM_BATCH="4")
    assert [line["path"] for line in records(run)] == names and run.returncode == 0


def test_file_names_may_be_anything(vlm: Vlm) -> None:
    odd = os.fsdecode("päng \n".encode() + b"\xff.png")
    (vlm.folder / "red.png").rename(vlm.folder / odd)
    assert records(vlm("caption", "--json", "--model", "echo", odd))[0]["path"] == odd
    assert "a red picture" in vlm("caption", "--model", "echo", odd, odd, LC_ALL="C").stdout


def test_a_reader_that_has_enough_ends_the_command_quietly(vlm: Vlm) -> None:
    command = f"{sys.executable} -m vlm.cli caption --model echo red.png {'blue.jpg ' * 200}"
    run = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command} | head -n 1"],
        cwd=vlm.folder,
        env=ENVIRONMENT | {"VLM_BATCH": "1"},
        capture_output=True,
        text=True,
    )
    assert run.stdout == "red.png: a red picture of 64 by 48\n" and run.returncode == 1
    assert "Traceback" not in run.stderr and "Broken" not in run.stderr


def test_the_tiny_model_sees_and_owns_up_to_its_limits(vlm: Vlm) -> None:
    run = vlm("caption", "--json", "--model", "tiny", str(SAMPLES / "ice.jpg"))
    (line,) = records(run)
    assert run.returncode == 0 and "penguin" in line["caption"] and "white background" in line["caption"]
    assert run.stderr.count("\n") == 1 and "Photographs are beyond it" in run.stderr
    assert f"--model {DEFAULT_MODEL}" in run.stderr


# What is wrong is said in one line, without a traceback.


def test_a_model_that_cannot_be_had_leads_to_the_tiny_one(vlm: Vlm) -> None:
    run = vlm("caption", "--json", "--model", "nobody/nothing", "red.png")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.count("\n") == 1 and "nobody/nothing" in run.stderr and "--model tiny" in run.stderr


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [("VLM_MODLE", "tiny", "did you mean VLM_MODEL"), ("VLM_BATCH", "0", "whole number from 1")],
)
def test_a_wrong_setting_is_named(vlm: Vlm, name: str, value: str, expected: str) -> None:
    run = vlm("caption", "red.png", **{name: value})
    assert run.returncode == 2 and run.stderr.count("\n") == 1 and expected in run.stderr


def test_settings_come_from_the_environment_and_then_from_the_env_file(vlm: Vlm) -> None:
    (vlm.folder / ".env").write_text("VLM_MODEL=echo\nVLM_REVISION=old\n")
    assert vlm("caption", "red.png").stdout == "a red picture of 64 by 48\n"
    (vlm.folder / ".env").write_text("VLM_MODEL=./no-such-folder\n")
    assert vlm("caption", "red.png", VLM_MODEL="echo").returncode == 0


# The words of the command line.


def test_help_costs_no_model_library() -> None:
    heavy = "{'torch', 'transformers', 'numpy', 'PIL', 'redis', 'tqdm'}"
    help = "import sys, vlm.cli; vlm.cli.parser().format_help()"
    look = f"{help}; print(sorted({heavy} & set(sys.modules)))"
    run = subprocess.run(
        [sys.executable, "-c", look], env=ENVIRONMENT, capture_output=True, text=True, timeout=60
    )
    assert run.stdout == "[]\n", run.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args([command, "--help"])
    text = capsys.readouterr().out
    assert ended.value.code == 0 and text.startswith(f"usage: vlm {command}")
    assert max(len(line) for line in text.splitlines()) <= 130


def test_the_workers_help_names_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["worker", "--help"])
    text = capsys.readouterr().out
    for field in Settings.__struct_fields__:
        assert ("REDIS_URL" if field == "redis_url" else f"VLM_{field.upper()}") in text


def test_the_engine_is_made_from_the_settings() -> None:
    made = options(Settings(model="m", quant="int8", beams=3, int8_threshold=6.0))
    assert (made.model, made.quant, made.beams, made.int8_threshold) == ("m", "int8", 3, 6.0)


def test_records_have_the_documented_fields() -> None:
    done = Done("a.png", "two cats", "tiny", 0.12345)
    assert as_record(done, None) == {
        "path": "a.png",
        "caption": "two cats",
        "model": "tiny",
        "seconds": 0.123,
    }
    assert as_record(done, "What?") == {
        "path": "a.png", "question": "What?", "answer": "two cats", "model": "tiny", "seconds": 0.123,
    }  # fmt: skip
    assert as_record(Failed("b", "bad_image", "No."), None) == {
        "path": "b",
        "error": "bad_image",
        "message": "No.",
    }


def test_a_command_whose_libraries_are_missing_says_what_to_install() -> None:
    bare = "import sys; sys.modules['PIL'] = None; from vlm.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", bare, "caption", "a.png"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert run.returncode == 2
    assert "needs PIL" in run.stderr and "make setup" in run.stderr
    assert "Traceback" not in run.stderr
