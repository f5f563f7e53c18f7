"""What the documents state as fact is fact."""

import re
import shlex
from pathlib import Path

import pytest
from support.paths import ROOT

from bot.__main__ import main as afterimage
from vlm.cli import main as vlm

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
MAKEFILE = (ROOT / "Makefile").read_text()


def names(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("document", DOCUMENTS, ids=names)
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text()):
        assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=names)
def test_named_make_targets_exist(document: Path) -> None:
    for target in re.findall(r"(?:^|`)make ([a-z]+)", document.read_text(), re.MULTILINE):
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=names)
def test_named_commands_have_a_help_page(document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = document.read_text()
    for program, command in set(
        re.findall(r"(?:^|`|BOT_TOKEN=\S+ )(vlm|afterimage) ([a-z]+)", text, re.MULTILINE)
    ):
        with pytest.raises(SystemExit) as ended:
            (vlm if program == "vlm" else afterimage)([command, "--help"])
        assert ended.value.code == 0, f"{program} {command}"
    capsys.readouterr()


@pytest.mark.parametrize("document", DOCUMENTS, ids=names)
def test_named_files_exist(document: Path) -> None:
    roots = r"(?:bot|vlm|tests|docker|docs|benchmarks|scripts)"
    for path in re.findall(rf"`({roots}/[\w./-]+)`", document.read_text()):
        assert (ROOT / path).exists(), path


def test_the_readme_lists_the_top_of_the_tree() -> None:
    readme = (ROOT / "README.md").read_text()
    listed = set(re.findall(r"^(\w+)/ ", readme, re.MULTILINE))
    there = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    assert there - {"scripts", "data", "runs", "build", "afterimage.egg-info"} <= listed


def test_the_readmes_examples_name_pictures_that_come_along() -> None:
    commands = re.findall(r"^vlm (?:caption|ask) .*$", (ROOT / "README.md").read_text(), re.MULTILINE)
    pictures = [word for line in commands for word in shlex.split(line) if word.startswith("vlm/assets")]
    assert pictures
    for picture in pictures:
        assert list(ROOT.glob(picture)), picture


def test_every_make_target_explains_itself() -> None:
    targets = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert targets
    for target in targets[1].split():
        assert re.search(rf"^{target}:.*## \w", MAKEFILE, re.MULTILINE), target
