"""The table of Redis keys in docs/memory.md is what `scripts/key-table` writes."""

import subprocess
import sys

from support.paths import ROOT


def test_the_table_lists_the_registered_keys() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "key-table"), "--check"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert (run.returncode, run.stdout + run.stderr) == (0, "")
