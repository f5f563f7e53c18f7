"""What a run has come to: OUT/result.json for programs, OUT/result.md for people."""

from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from vlm.lab.evaluation.progress import in_words

NAME: Final = "result.json"
TABLE: Final = "result.md"
VERSION: Final = 1


class Broken(Struct, frozen=True, kw_only=True):
    """An example without a prediction, and why."""

    id: str
    why: str


class Result(Struct, frozen=True, kw_only=True):
    """A finished run.

    header   what pins it: task, model, data, options
    scores   by name, 0 to 1 unless the name says otherwise
    notes    how scores came about: signatures, what differs from the published way
    broken   what was left out of the scores
    seconds  that the model worked, interruptions left out
    """

    version: int = VERSION
    command: str
    header: dict[str, Any]
    scores: dict[str, float]
    notes: tuple[str, ...] = ()
    examples: int = 0
    broken: tuple[Broken, ...] = ()
    seconds: float = 0.0

    @property
    def model(self) -> str:
        """The model's name, and in 8 bit if it was."""
        model = self.header["model"]
        return f"{model['name']} in 8 bit" if model.get("quant") == "int8" else str(model["name"])


def write_result(folder: Path, result: Result) -> None:
    """Write both files."""
    encoded = msgspec.json.format(msgspec.json.encode(result), indent=1)
    (folder / NAME).write_bytes(encoded + b"\n")
    (folder / TABLE).write_text(table(result), encoding="utf-8")


def table(result: Result) -> str:
    """The result as Markdown."""
    lines = [f"# {heading(result)}", "", "| score | |", "|---|---:|"]
    lines += [f"| {plain(name)} | {shown(value, name)} |" for name, value in result.scores.items()]
    lines += [
        "",
        counted(result),
        "",
        *(f"- {note}" for note in result.notes),
        f"- Command: `{result.command}`",
    ]
    lines += [f"- Left out: {plain(one.id)}: {plain(one.why)}" for one in result.broken[:20]]
    if len(result.broken) > 20:
        lines.append(f"- Left out: {len(result.broken) - 20} more, named in {NAME}")
    return "\n".join(lines) + "\n"


def heading(result: Result) -> str:
    """'tiny on scenes: caption'."""
    return f"{plain(result.model)} on {plain(result.header['data']['name'])}: {result.header['task']}"


def counted(result: Result) -> str:
    """How much was scored, and in what time."""
    said = f"{result.examples:,} examples, {in_words(result.seconds)} of the model's time."
    return f"{said} {len(result.broken):,} could not be scored." if result.broken else said


def shown(value: float, name: str = "") -> str:
    """A score with three decimals, a rank with one."""
    return f"{value:.1f}" if name.endswith("rank") else f"{value:.3f}"


def plain(text: str) -> str:
    """On one line, and nothing that Markdown or HTML would act on."""
    return " ".join(text.split()).replace("|", "/").replace("<", "‹").replace(">", "›").replace("`", "'")
