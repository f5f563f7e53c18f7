"""The walls between the packages stand, and importing costs what it should."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from support.paths import ROOT

HEAVY = {"torch", "transformers", "bitsandbytes", "accelerate"}
PICTURES = {"numpy", "PIL", "pi_heif"}
PACKAGES = ("bot", "vlm")
FRONT = "The bot sees the queue, the memory and ops"  # a contract in pyproject.toml
SEEN_BY_THE_BOT = {"queue", "memory", "ops", "text", "keys", "protocol", "errors", "environment", "logs"}


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("bot.app", HEAVY | PICTURES),
        ("bot.__main__", HEAVY | PICTURES),
        ("vlm.queue.client", HEAVY | PICTURES),
        ("vlm.cli", HEAVY | PICTURES),
        ("vlm.worker.loop", HEAVY),
        ("vlm.search.ranking", HEAVY),
    ],
)
def test_a_module_brings_along_nothing_heavy(module: str, forbidden: set[str]) -> None:
    code = f"import {module}, sys; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert forbidden.isdisjoint(done.stdout.split())


def test_no_contract_has_exceptions() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert contracts
    assert [contract["name"] for contract in contracts if "ignore_imports" in contract] == []


def test_the_bot_may_import_a_module_of_vlm_only_if_that_is_decided() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [forbidden] = [contract["protected_modules"] for contract in contracts if contract["name"] == FRONT]
    modules = {path.stem for path in (ROOT / "vlm").iterdir() if path.suffix == ".py" or path.is_dir()}
    assert modules - {"__init__", "__pycache__", "assets", "lab"} == SEEN_BY_THE_BOT | {
        name.removeprefix("vlm.") for name in forbidden
    }


def test_no_modules_import_each_other_in_a_circle() -> None:
    try:
        TopologicalSorter(import_graph(ROOT)).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


def test_a_circle_is_found(tmp_path: Path) -> None:
    for package in PACKAGES:
        (tmp_path / package).mkdir()
    (tmp_path / "bot" / "one.py").write_text("def later():\n    from vlm import two\n")
    (tmp_path / "vlm" / "two.py").write_text("from vlm.three import thing\n")
    (tmp_path / "vlm" / "three.py").write_text("import bot.one\n")
    with pytest.raises(CycleError):
        TopologicalSorter(import_graph(tmp_path)).prepare()


def import_graph(root: Path) -> dict[str, set[str]]:
    """Each module -> the project's modules that it imports, inside functions too."""
    paths = {name_of(path, root): path for package in PACKAGES for path in (root / package).rglob("*.py")}
    return {
        module: {
            imported for imported in imports_of(ast.parse(path.read_text()), set(paths)) if imported != module
        }
        for module, path in paths.items()
    }


def name_of(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(node: ast.AST, modules: set[str]) -> Iterator[str]:
    """`from package import name` imports the module `package.name` if there is one, else `package`."""
    match node:
        case ast.Import():
            yield from (alias.name for alias in node.names if alias.name in modules)
        case ast.ImportFrom(module=str(origin)):
            names = {f"{origin}.{alias.name}" for alias in node.names}
            yield from names & modules
            if names - modules and origin in modules:
                yield origin
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return
        case _:
            for child in ast.iter_child_nodes(node):
                yield from imports_of(child, modules)
