"""The walls between the packages stand, and importing costs what it should."""

import subprocess
import sys

import pytest

HEAVY = {"torch", "transformers", "bitsandbytes", "accelerate"}
SEEING = {"numpy", "PIL", "pi_heif"}


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("bot.app", HEAVY | SEEING),
        ("bot.__main__", HEAVY | SEEING),
        ("vlm.client", HEAVY | SEEING),
        ("vlm.cli", HEAVY | SEEING),
        ("vlm.worker", HEAVY),
    ],
)
def test_a_module_brings_along_nothing_heavy(module: str, forbidden: set[str]) -> None:
    code = f"import {module}, sys; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert forbidden.isdisjoint(done.stdout.split())
