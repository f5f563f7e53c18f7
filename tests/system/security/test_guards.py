"""Each guard of `guard_list` is where it is said to be; `make guards` takes them out, one by one."""

import ast
import sys

import pytest
from support.paths import ROOT
from support.security import guards
from support.security.guard_list import GUARDS, Guard


def name(guard: Guard) -> str:
    return guard.name


@pytest.mark.parametrize("guard", GUARDS, ids=name)
def test_a_guards_text_stands_once_and_its_tests_are_there(guard: Guard) -> None:
    assert (ROOT / guard.file).read_text().count(guard.text) == 1
    assert guard.text != guard.instead
    for test in guard.tests:
        file, _, function = test.partition("::")
        nodes = ast.walk(ast.parse((ROOT / file).read_text()))
        assert function in {getattr(node, "name", "") for node in nodes}, test


def test_without_a_guard_its_tests_fail_and_with_it_they_pass(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["guards.py", "secrets are redacted in logs"])
    assert guards.main() == 0
    assert "1 of 1 guards" in capsys.readouterr().out
