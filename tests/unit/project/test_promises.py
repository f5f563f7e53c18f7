"""The tables of docs/security.md and docs/reliability.md are what `scripts/promises` writes."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.paths import ROOT

PAGES = ("security", "reliability")


def check(tree: Path) -> tuple[int, str]:
    """The exit status of `scripts/promises --check`, and its output."""
    command = [sys.executable, str(tree / "scripts" / "promises"), "--check"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=100)
    return run.returncode, run.stdout + run.stderr


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the pages and the tests that may be changed."""
    for folder in ("docs", "tests"):
        shutil.copytree(
            ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "*.png")
        )
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "promises", tmp_path / "scripts")
    return tmp_path


def test_the_tables_name_the_tests_that_are_marked() -> None:
    assert check(ROOT) == (0, "")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_promises_something(page: str) -> None:
    assert (ROOT / "docs" / f"{page}.md").read_text().count('| <a id="') > 20


def test_a_table_that_is_out_of_date_is_reported(tree: Path) -> None:
    page = tree / "docs" / "reliability.md"
    page.write_text(page.read_text().replace("`bot-killed` | SIGKILL", "`bot-killed` | SIGTERM"))
    status, output = check(tree)
    assert (status, output) == (1, "docs/reliability.md: its tables are out of date, run scripts/promises\n")


def test_a_promise_without_a_test_is_an_error(tree: Path) -> None:
    page = tree / "docs" / "security.md"
    page.write_text(page.read_text().replace('<a id="redis-tls">', '<a id="no-such-promise">'))
    status, output = check(tree)
    assert status == 1
    assert "no test is marked with security#no-such-promise" in output


def test_a_mark_without_a_promise_is_an_error(tree: Path) -> None:
    marked = '@pytest.mark.promise("reliability#no-such-promise")\ndef test_something(): ...\n'
    (tree / "tests" / "unit" / "test_more.py").write_text(marked)
    status, output = check(tree)
    assert status == 1
    assert "`tests/unit/test_more.py::test_something`: no page has the promise" in output
