"""What a doctor finds, and how it is told: `vlm doctor` and `afterimage doctor`."""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

Level = Literal["ok", "warn", "bad"]

LITTLE_BYTES: Final = 5 << 30
TOO_LITTLE_BYTES: Final = 1 << 30


class Finding(Struct, frozen=True):
    """One thing that was looked at. `do`: what to do about it; '' where all is well."""

    about: str
    level: Level
    says: str
    do: str = ""


def ok(about: str, says: str) -> Finding:
    """All is well."""
    return Finding(about, "ok", says)


def warn(about: str, says: str, do: str) -> Finding:
    """It works, and could be better."""
    return Finding(about, "warn", says, do)


def bad(about: str, says: str, do: str) -> Finding:
    """It does not work, or will lose something."""
    return Finding(about, "bad", says, do)


def report(findings: Sequence[Finding], *, as_json: bool) -> str:
    """The findings, for people or for programs."""
    if as_json:
        return json.dumps(
            {"well": is_well(findings), "findings": [msgspec.to_builtins(one) for one in findings]}
        )
    return "\n".join(line for one in findings for line in _lines(one))


def is_well(findings: Sequence[Finding]) -> bool:
    """Whether nothing is bad; what is only a warning still works."""
    return all(one.level != "bad" for one in findings)


def disk(about: str, folder: Path, usage: Callable[[Path], Any] = shutil.disk_usage) -> Finding:
    """How much room there is where `folder` is, or will be."""
    there = next((one for one in [folder, *folder.parents] if one.exists()), Path("/"))
    free = int(usage(there).free)
    says = f"{free / (1 << 30):.1f} GiB free at {there}."
    if free < TOO_LITTLE_BYTES:
        return bad(about, says, "Make room: a server that cannot write refuses all work.")
    return warn(about, says, "Make room soon.") if free < LITTLE_BYTES else ok(about, says)


def _lines(one: Finding) -> Iterator[str]:
    yield f"{one.level:<4}  {one.about:<18}  {one.says}"
    if one.do:
        yield f"{'':<26}-> {one.do}"
