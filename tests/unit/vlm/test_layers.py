"""The walls between the packages stand, and importing costs what it should."""

import subprocess
import sys
import tomllib

import pytest
from support.paths import ROOT

HEAVY = {"torch", "transformers", "bitsandbytes", "accelerate"}
SEEING = {"numpy", "PIL", "pi_heif"}


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("bot.app", HEAVY | SEEING),
        ("bot.__main__", HEAVY | SEEING),
        ("vlm.queue.client", HEAVY | SEEING),
        ("vlm.cli", HEAVY | SEEING),
        ("vlm.worker.loop", HEAVY),
        ("vlm.search.ranking", HEAVY),
    ],
)
def test_a_module_brings_along_nothing_heavy(module: str, forbidden: set[str]) -> None:
    code = f"import {module}, sys; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert forbidden.isdisjoint(done.stdout.split())


def test_the_sandboxs_contract_names_every_other_module_of_the_bot() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (walls,) = [one["forbidden_modules"] for one in contracts if one["source_modules"] == ["bot.sandbox"]]
    modules = [*(ROOT / "bot").glob("*.py"), *(path.parent for path in (ROOT / "bot").glob("*/__init__.py"))]
    others = {f"bot.{path.stem}" for path in modules if not path.name.startswith("_")}
    assert others - {"bot.sandbox"} <= set(walls)
