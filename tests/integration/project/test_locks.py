"""What is installed is what was written down: every version, and every file's hash."""

import hashlib
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from support.paths import ROOT

INSTALL = ROOT / "scripts" / "install-locked"
ALL = ROOT / "requirements.lock"
LOCKS = {
    "requirements.lock": None,
    "requirements/bot.lock": {"bot"},
    "requirements/worker.lock": {"worker"},
    "requirements/demo.lock": {"bot", "sandbox", "worker", "server"},
}
EVERY_LOCK = [*LOCKS, "requirements/cuda.lock", "requirements/torch-cpu.lock"]


def read(path: Path) -> dict[str, tuple[Requirement, set[str]]]:
    """Each package's requirement and hashes. Anything else in the file is an error."""
    text = re.sub(r"^ *#.*\n", "", path.read_text(), flags=re.MULTILINE).replace("\\\n", "")
    locked = {}
    for line in text.splitlines():
        pin, *hashes = line.split(" --hash=")
        requirement = Requirement(pin.strip())
        assert requirement.name == canonicalize_name(requirement.name) and requirement.name not in locked
        locked[requirement.name] = (requirement, {one.strip() for one in hashes})
    return locked


@pytest.mark.promise("security#packages-hashed")
@pytest.mark.parametrize("lock", EVERY_LOCK)
def test_each_package_has_one_version_and_hashes(lock: str) -> None:
    for requirement, hashes in read(ROOT / lock).values():
        assert re.fullmatch(r"==[^,*]+", str(requirement.specifier)) and not requirement.url
        assert hashes and all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes), requirement


@pytest.mark.promise("security#packages-hashed")
@pytest.mark.parametrize("lock", LOCKS)
def test_all_that_is_asked_for_is_locked(lock: str) -> None:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text())
    optional, extras = table["project"]["optional-dependencies"], LOCKS[lock]
    asked = [
        *table["build-system"]["requires"],
        *table["project"]["dependencies"],
        *(one for extra in extras or optional for one in optional[extra]),
    ]
    locked = read(ROOT / lock)
    for requirement in map(Requirement, asked):
        name = canonicalize_name(requirement.name)
        assert name in locked, f"{name} is new in pyproject.toml: run `make lock`"
        (specifier,) = locked[name][0].specifier
        assert requirement.specifier.contains(specifier.version), requirement


@pytest.mark.parametrize("lock", LOCKS)
def test_each_lock_is_a_part_of_the_great_one(lock: str) -> None:
    whole = read(ALL)
    for name, (requirement, hashes) in read(ROOT / lock).items():
        assert (requirement.specifier, hashes) == (whole[name][0].specifier, whole[name][1])


def test_what_tests_run_with_is_what_is_locked() -> None:
    for name, (requirement, _) in read(ALL).items():
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue  # for another platform: `pip check` misses what should be there
        assert requirement.specifier.contains(installed), f"{name} {installed}"


def test_torch_without_cuda_is_of_the_same_version() -> None:
    (build,) = read(ROOT / "requirements" / "torch-cpu.lock")["torch"][0].specifier
    assert build.version == str(read(ALL)["torch"][0].specifier).removeprefix("==") + "+cpu"


def test_no_index_and_no_machine_is_written_down() -> None:
    for path in [*EVERY_LOCK, "scripts/lock", "scripts/install-locked"]:
        text = (ROOT / path).read_text()
        assert "://" not in text and "/tmp" not in text, path


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """A folder with one package in it, as a wheel and as sources."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    with zipfile.ZipFile(folder / "thing-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("thing.py", "")
        wheel.writestr("thing-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
        wheel.writestr(
            "thing-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr("thing-1.0.dist-info/RECORD", "")
    with zipfile.ZipFile(folder / "other-1.0.zip", "w") as sources:
        sources.writestr("other-1.0/setup.py", "import pathlib; pathlib.Path('/dev/null').write_text('ran')")
    return folder


def installed(wheels: Path, *lines: str) -> tuple[int, str]:
    """How installing a lock of these lines ends, and what is said."""
    lock, target = wheels.parent / "my.lock", wheels.parent / "target"
    lock.write_text("\n".join(lines) + "\n")
    run = subprocess.run(
        [INSTALL, sys.executable, lock],
        env=os.environ
        | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "PIP_TARGET": str(target)}
        | {"PIP_CONFIG_FILE": os.devnull},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert (run.returncode == 0) == (target / "thing.py").exists()
    return run.returncode, run.stdout + run.stderr


@pytest.mark.promise("security#packages-hashed")
def test_a_file_with_another_hash_is_not_installed(wheels: Path) -> None:
    digest = hashlib.sha256((wheels / "thing-1.0-py3-none-any.whl").read_bytes()).hexdigest()
    tampered = digest[::-1]
    code, said = installed(wheels, f"thing==1.0 --hash=sha256:{tampered}")
    assert code and "DO NOT MATCH THE HASHES" in said
    code, said = installed(wheels, "thing==1.0")
    assert code and "hash" in said.lower()
    # several platforms' files: one of them is right
    assert installed(wheels, f"thing==1.0 --hash=sha256:{tampered} --hash=sha256:{digest}")[0] == 0


@pytest.mark.promise("security#packages-hashed")
def test_sources_are_not_built(wheels: Path) -> None:
    digest = hashlib.sha256((wheels / "other-1.0.zip").read_bytes()).hexdigest()
    code, said = installed(wheels, f"other==1.0 --hash=sha256:{digest}")
    assert code and "No matching distribution" in said
