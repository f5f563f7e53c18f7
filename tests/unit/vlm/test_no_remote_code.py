"""Nothing that is read is run: no pickle, no eval, no remote code, no shell, in bot/ and vlm/."""

import ast
from collections.abc import Iterator

import pytest
from support.paths import ROOT

MODULES = {
    "pickle",
    "cPickle",
    "dill",
    "cloudpickle",
    "joblib",
    "shelve",
    "marshal",
    "jsonpickle",
    "commands",
}
BUILTINS = {"eval", "exec", "compile", "__import__"}
METHODS = {
    ("yaml", "load"),
    ("yaml", "unsafe_load"),
    ("yaml", "full_load"),
    ("os", "system"),
    ("os", "popen"),
}
# torch.load reads VGG16 as it was published, with weights_only=True.
# pickle is imported for the name of an error.
ALLOWED = {
    "vlm/engine/checkpoints.py": "pickle.UnpicklingError",
    "vlm/lab/classic/published.py": "torch.load, pickle.UnpicklingError",
}


def findings(source: str, allowed: str = "") -> Iterator[str]:
    """What must not stand in a module."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                imported = {name.name.split(".")[0] for name in names} & MODULES
                yield from (f"imports {name}" for name in imported if name not in allowed)
            case ast.ImportFrom(module=str(module), names=names) if module.split(".")[0] in MODULES:
                imported = {f"{module}.{name.name}" for name in names}
                yield from (f"imports {name}" for name in imported if name not in allowed.split(", "))
            case ast.Attribute(value=ast.Name(id="pickle"), attr=name) if (
                f"pickle.{name}" not in allowed.split(", ")
            ):
                yield f"pickle.{name}"
            case ast.Call():
                yield from _of_call(node, allowed)


def _of_call(call: ast.Call, allowed: str) -> Iterator[str]:
    keywords = {word.arg: word.value for word in call.keywords}
    match call.func:
        case ast.Name(id=name) if name in BUILTINS:
            yield f"calls {name}"
        case ast.Attribute(value=ast.Name(id=owner), attr=name) if (owner, name) in METHODS:
            yield f"calls {owner}.{name}"
        case ast.Attribute(value=ast.Name(id="torch"), attr="load"):
            if "torch.load" not in allowed or not _is(keywords.get("weights_only"), True):
                yield "calls torch.load"
    for name in ("trust_remote_code", "shell", "allow_pickle"):
        if name in keywords and not _is(keywords[name], False):
            yield f"sets {name}"


def _is(node: ast.expr | None, value: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


@pytest.mark.promise("security#input-is-not-code")
def test_nothing_that_is_read_is_run() -> None:
    offences = [
        f"{name}: {finding}"
        for package in ("bot", "vlm")
        for path in sorted((ROOT / package).rglob("*.py"))
        for name in [str(path.relative_to(ROOT))]
        for finding in findings(path.read_text(), ALLOWED.get(name, ""))
    ]
    assert offences == []


@pytest.mark.promise("security#input-is-not-code")
@pytest.mark.parametrize(
    "planted",
    [
        "import pickle",
        "from pickle import loads",
        "import torch\ntorch.load('x', weights_only=True)",
        "eval('1')",
        "exec('1')",
        "import yaml\nyaml.load('x')",
        "import os\nos.system('x')",
        "subprocess.run('x', shell=True)",
        "AutoModel.from_pretrained('x', trust_remote_code=True)",
        "AutoModel.from_pretrained('x', trust_remote_code=flag)",
        "numpy.load('x', allow_pickle=True)",
    ],
)
def test_what_is_planted_is_found(planted: str) -> None:
    assert list(findings(planted))


@pytest.mark.parametrize(
    "planted", ["torch.load('x')", "torch.load('x', weights_only=False)", "pickle.loads(b'')"]
)
def test_what_is_allowed_is_no_wider_than_needed(planted: str) -> None:
    assert list(findings(planted, "torch.load, pickle.UnpicklingError"))
