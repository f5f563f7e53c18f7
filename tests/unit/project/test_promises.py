"""Each promise of docs/security.md and docs/reliability.md names a test, and the test is there."""

import ast
import re
from pathlib import Path

import pytest
from support.paths import ROOT


def names_in(path: Path) -> set[str]:
    nodes = ast.walk(ast.parse(path.read_text()))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def promises_in(text: str) -> list[str]:
    """The rows of tables whose columns are a promise and its proof."""
    tables = re.findall(r"^\| promise \|.*\n\|[-:|]+\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    return [row for table in tables for row in table.splitlines()]


@pytest.mark.parametrize("page", ["security.md", "reliability.md"])
def test_every_promise_names_a_test_that_exists(page: str) -> None:
    rows = promises_in((ROOT / "docs" / page).read_text())
    assert len(rows) > 8
    for row in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)
        assert named, row
        for file, test in named:
            assert test in names_in(ROOT / file), f"{file}::{test}"
