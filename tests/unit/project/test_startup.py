"""Programs start quickly: they import what they need, and not before they need it.

How long it takes is measured by `benchmarks/startup.py`; what is imported does not depend on the machine.
"""

import subprocess
import sys

import pytest
from support.paths import ROOT

MODEL = {"torch", "transformers", "numpy", "PIL", "tqdm"}
WEB_SERVER = {"starlette", "uvicorn"}
NETWORK = {"asyncio", "redis", "httpx", "telegram", "babel", "prometheus_client"}


@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        ("import vlm.cli; vlm.cli.parser().format_help()", MODEL | NETWORK | WEB_SERVER),
        ("import bot.__main__ as main; main.parser().format_help()", MODEL | NETWORK | WEB_SERVER),
        ("import bot.__main__, bot.service", MODEL | WEB_SERVER),
        ("import bot.health", MODEL | WEB_SERVER | {"telegram", "babel", "prometheus_client"}),
    ],
    ids=["vlm --help", "afterimage --help", "afterimage run, polling", "afterimage health"],
)
def test_a_program_imports_only_what_it_needs(code: str, unwanted: set[str]) -> None:
    listing = f"{code}\nimport sys; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    run = subprocess.run([sys.executable, "-c", listing], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert unwanted.isdisjoint(run.stdout.split())
