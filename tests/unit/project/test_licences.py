"""Each locked package has a licence that is allowed, or a word why it may be here nevertheless."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from support.paths import ROOT

PAGE = (ROOT / "docs" / "licences.md").read_text()
ALLOWED = {
    *("0BSD", "BSD-2-Clause", "BSD-3-Clause", "BSD License", "FreeBSD", "Zlib", "CC0-1.0", "BSL-1.0"),
    *("MIT", "MIT License", "MIT-CMU", "ISC License", "DFSG approved"),
    *("Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Apache Software License", "Apache 2.0 License"),
    *("PSF-2.0", "Python Software Foundation License", "CNRI-Python"),
}


def rows(columns: int) -> dict[str, str]:
    """Of the table with so many columns: package -> licence."""
    found = {}
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == columns and cells[0] != "licence":
            for package in cells[1].split(", "):
                assert package not in found, package
                found[package] = cells[0]
    return found


def locked() -> set[str]:
    locks = (ROOT / "requirements.lock", ROOT / "requirements" / "cuda.lock")
    return {name for lock in locks for name in re.findall(r"^([a-z0-9-]+)==", lock.read_text(), re.MULTILINE)}


@pytest.mark.promise("security#packages-licensed")
def test_each_locked_package_has_a_licence_and_no_other_is_listed() -> None:
    allowed, explained = rows(2), rows(3)
    assert not allowed.keys() & explained.keys()
    assert allowed.keys() | explained.keys() == locked()


def test_what_needs_no_word_is_allowed() -> None:
    for licence in set(rows(2).values()):
        parts = re.split(r" AND | OR |; ", licence)
        assert {re.sub(r" \(\w+\)$", "", part) for part in parts} <= ALLOWED, licence


@pytest.mark.promise("security#packages-licensed")
def test_the_page_says_what_the_packages_say() -> None:
    command = [sys.executable, "-m", "piplicenses", "--format=json", "--from=mixed", "--with-system"]
    said = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=100).stdout)
    declared = {str(canonicalize_name(one["Name"])): one["License"] for one in said}
    listed = rows(2) | rows(3)
    assert len(declared) > 100
    assert {name: declared.get(name, listed[name]) for name in listed} == listed


def test_weights_pictures_and_font_are_named() -> None:
    for path in ("vlm/assets/tiny/", "vlm/assets/translator/", "vlm/assets/samples/"):
        assert f"`{path}`" in PAGE and (ROOT / path).is_dir()
    for name in ("Noto Color Emoji (SIL Open Font License 1.1)", "Twemoji (CC-BY 4.0)", "OPT"):
        assert name in PAGE


@pytest.mark.promise("security#packages-licensed")
def test_a_bill_of_materials_is_written(tmp_path: Path) -> None:
    recipe = re.search(
        r"^sbom:.*\n(?:\t.*\n)*?\t(\$\(BIN\)/cyclonedx-py .*)$", (ROOT / "Makefile").read_text(), re.MULTILINE
    )
    assert recipe
    words = [word.replace("$(BIN)/", "") for word in recipe[1].split()]
    words[words.index("build/sbom.json")] = str(tmp_path / "sbom.json")
    words[words.index("python")] = sys.executable
    subprocess.run(
        [sys.executable, "-m", "cyclonedx_py", *words[1:]],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=100,
    )
    bill = json.loads((tmp_path / "sbom.json").read_text())
    components = {str(canonicalize_name(one["name"])): one for one in bill["components"]}
    assert bill["metadata"]["component"]["name"] == "afterimage" and components["redis"]["licenses"]
    assert len(locked() & components.keys()) > 100
    assert str(ROOT) not in json.dumps(bill)
