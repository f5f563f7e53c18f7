"""The findings of `vlm doctor` and `afterimage doctor`, and how they are printed."""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

Level = Literal["ok", "warn", "bad"]

DISK_WARN_BYTES: Final = 5 << 30
DISK_BAD_BYTES: Final = 1 << 30


class Finding(Struct, frozen=True, rename={"subject": "about", "message": "says", "advice": "do"}):
    """The result of one check. `advice` is what the operator should do; '' where all is well."""

    subject: str
    level: Level
    message: str
    advice: str = ""


def ok(subject: str, message: str) -> Finding:
    """All is well."""
    return Finding(subject, "ok", message)


def warn(subject: str, message: str, advice: str) -> Finding:
    """It works, but should be changed."""
    return Finding(subject, "warn", message, advice)


def bad(subject: str, message: str, advice: str) -> Finding:
    """It does not work, or will lose data."""
    return Finding(subject, "bad", message, advice)


def report(findings: Sequence[Finding], *, as_json: bool) -> str:
    """The findings as text, or as one JSON object."""
    if as_json:
        return json.dumps(
            {
                "well": is_healthy(findings),
                "findings": [msgspec.to_builtins(finding) for finding in findings],
            }
        )
    return "\n".join(line for finding in findings for line in _lines(finding))


def is_healthy(findings: Sequence[Finding]) -> bool:
    """Whether no finding is bad; warnings are allowed."""
    return all(finding.level != "bad" for finding in findings)


def check_disk(subject: str, folder: Path, usage: Callable[[Path], Any] = shutil.disk_usage) -> Finding:
    """The free space of the disk that holds `folder`, or will hold it."""
    existing = next((path for path in [folder, *folder.parents] if path.exists()), Path("/"))
    free = int(usage(existing).free)
    message = f"{free / (1 << 30):.1f} GiB free at {existing}."
    if free < DISK_BAD_BYTES:
        return bad(subject, message, "Make room: a server that cannot write refuses all work.")
    return warn(subject, message, "Make room soon.") if free < DISK_WARN_BYTES else ok(subject, message)


def _lines(finding: Finding) -> Iterator[str]:
    yield f"{finding.level:<4}  {finding.subject:<18}  {finding.message}"
    if finding.advice:
        yield f"{'':<26}-> {finding.advice}"
