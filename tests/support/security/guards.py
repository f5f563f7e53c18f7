"""`python -m support.security.guards [NAME...]`: without each guard, one of the tests named for it fails.

Each guard is taken out of a copy of the tree, alone, and its tests are run there. Nothing here is changed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from support.paths import ROOT
from support.security.guard_list import GUARDS, Guard

COPIED = ("bot", "vlm", "tests", "docker", "docs", "pyproject.toml", "Makefile", ".env.example", "README.md")
PASSED, FAILED = 0, 1  # pytest's exit statuses; any other means that it could not tell


def copied(folder: Path) -> Path:
    """Copy the tree, to be broken."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    return folder


def tried(tree: Path, tests: Sequence[str]) -> int:
    """pytest's exit status."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    environ = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=tree, env=environ, capture_output=True, check=False).returncode


def holds(tree: Path, guard: Guard) -> bool:
    """Whether the guard's tests fail without the guard."""
    file = tree / guard.file
    text = file.read_text()
    if text.count(guard.text) != 1:
        raise LookupError(f"{guard.name}: its text is {text.count(guard.text)} times in {guard.file}")
    try:
        file.write_text(text.replace(guard.text, guard.instead))
        without = tried(tree, guard.tests)
    finally:
        file.write_text(text)
    return without == FAILED


def main() -> int:
    guards = [guard for guard in GUARDS if not sys.argv[1:] or guard.name in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as folder:
        tree, missed = copied(Path(folder)), 0
        tests = sorted({test for guard in guards for test in guard.tests})
        if tried(tree, tests) != PASSED:
            print("With all guards in place, not all tests pass.")
            return 1
        for guard in guards:
            started_s = time.monotonic()
            held = holds(tree, guard)
            missed += not held
            verdict = "a test fails" if held else "NO TEST FAILS"
            print(f"{guard.name:36} {verdict}, {time.monotonic() - started_s:.0f} s", flush=True)
        print(f"{len(guards) - missed} of {len(guards)} guards are held by a test")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
