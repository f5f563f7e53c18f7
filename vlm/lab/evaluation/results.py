"""The result of a run: OUT/result.json for programs, OUT/result.md for people."""

from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct, field

from vlm.lab.evaluation.progress import format_duration

NAME: Final = "result.json"
TABLE: Final = "result.md"
VERSION: Final = 1


class FailedItem(Struct, frozen=True, kw_only=True):
    """An item without a prediction, and the reason."""

    id: str
    reason: str = field(name="why")


class EvaluationResult(Struct, frozen=True, kw_only=True):
    """A finished run.

    header    identifies the run: task, model, data, options
    scores    by name, 0 to 1 unless the name says otherwise
    notes     about the metrics: signatures, differences from the published ones
    failures  items that are not in the scores (`broken` in the file)
    seconds   that the model computed, without interruptions
    """

    version: int = VERSION
    command: str
    header: dict[str, Any]
    scores: dict[str, float]
    notes: tuple[str, ...] = ()
    examples: int = 0
    failures: tuple[FailedItem, ...] = field(default=(), name="broken")
    seconds: float = 0.0

    @property
    def model(self) -> str:
        """The model's name, with 'in 8 bit' if it was quantized."""
        model = self.header["model"]
        return f"{model['name']} in 8 bit" if model.get("quant") == "int8" else str(model["name"])


def write_result(folder: Path, result: EvaluationResult) -> None:
    """Write both files."""
    encoded = msgspec.json.format(msgspec.json.encode(result), indent=1)
    (folder / NAME).write_bytes(encoded + b"\n")
    (folder / TABLE).write_text(table(result), encoding="utf-8")


def table(result: EvaluationResult) -> str:
    """The result as Markdown."""
    lines = [f"# {heading(result)}", "", "| score | |", "|---|---:|"]
    lines += [f"| {one_line(name)} | {format_score(value, name)} |" for name, value in result.scores.items()]
    lines += [
        "",
        summary(result),
        "",
        *(f"- {note}" for note in result.notes),
        f"- Command: `{result.command}`",
    ]
    lines += [f"- Left out: {one_line(item.id)}: {one_line(item.reason)}" for item in result.failures[:20]]
    if len(result.failures) > 20:
        lines.append(f"- Left out: {len(result.failures) - 20} more, named in {NAME}")
    return "\n".join(lines) + "\n"


def heading(result: EvaluationResult) -> str:
    """'tiny on scenes: caption'."""
    return f"{one_line(result.model)} on {one_line(result.header['data']['name'])}: {result.header['task']}"


def summary(result: EvaluationResult) -> str:
    """A sentence: how many examples were scored, in what time."""
    prediction = f"{result.examples:,} examples, {format_duration(result.seconds)} of the model's time."
    return f"{prediction} {len(result.failures):,} could not be scored." if result.failures else prediction


def format_score(value: float, name: str = "") -> str:
    """A score with three decimals, a rank with one."""
    return f"{value:.1f}" if name.endswith("rank") else f"{value:.3f}"


def one_line(text: str) -> str:
    """The text on one line, without characters that Markdown or HTML would interpret."""
    return " ".join(text.split()).replace("|", "/").replace("<", "‹").replace(">", "›").replace("`", "'")
