"""Compare finished runs: each score with its interval, and each run's difference from the first.

Only runs of one task on exactly the same data are compared, example by example.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from vlm.errors import BadRequest, NotFound
from vlm.lab.evaluation.bootstrap import LEVEL, RESAMPLES, Interval, bootstrap_scores, interval
from vlm.lab.evaluation.examples import Example, read_examples
from vlm.lab.evaluation.page import render
from vlm.lab.evaluation.results import NAME, VERSION, EvaluationResult, format_score, one_line
from vlm.lab.evaluation.statistics import Sums, score_of


@dataclass(frozen=True, slots=True)
class Row:
    """One score of all runs. No interval for a score without statistics; no difference for the first run."""

    name: str
    scores: tuple[Interval | float, ...]
    differences: tuple[Interval | None, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """`examples` examples on `units` pictures, which every run could be scored on, of `whole` examples."""

    task: str
    data: str
    names: tuple[str, ...]
    rows: tuple[Row, ...]
    units: int
    examples: int
    whole: int


@dataclass(frozen=True, slots=True)
class FinishedRun:
    result: EvaluationResult
    examples: dict[str, Example]


def compare_runs(paths: Sequence[Path], *, seed: int = 0) -> Comparison:
    """Compare the runs of these result.json files, or of their folders.

    Raises:  NotFound for a run that is not there or not finished, BadRequest for runs on different data.
    """
    runs = [read_run(path) for path in paths]
    first = runs[0].result.header
    for path, other in zip(paths[1:], runs[1:], strict=True):
        _check_comparable(paths[0], first, path, other.result.header)
    shared = [name for name in runs[0].examples if all(name in run.examples for run in runs)]
    if not shared:
        raise BadRequest("There is no example that all of these runs could be scored on.")
    units = list(dict.fromkeys(runs[0].examples[name].unit for name in shared))
    rows = [_row(name, runs, shared, units, seed) for name in _score_names(runs)]
    return Comparison(
        task=first["task"],
        data=first["data"]["name"],
        names=_names(paths, runs),
        rows=tuple(rows),
        units=len(units),
        examples=len(shared),
        whole=max(len(run.examples) + len(run.result.failures) for run in runs),
    )


def read_run(path: Path) -> FinishedRun:
    """A finished run, by its result.json or its folder. Raises NotFound, BadRequest."""
    folder = path if path.is_dir() else path.parent
    file = path / NAME if path.is_dir() else path
    try:
        result = msgspec.json.decode(file.read_bytes(), type=EvaluationResult)
        examples = read_examples(folder)
    except FileNotFoundError as error:
        raise NotFound(
            f"There is no finished run in {folder}: {Path(error.filename).name} is missing. Name what "
            "`vlm evaluate --out` was given."
        ) from None
    except (OSError, msgspec.DecodeError) as error:
        raise BadRequest(f"{file} is not a result of vlm evaluate: {error}") from error
    if result.version != VERSION:
        raise BadRequest(f"{file} is of another version of Afterimage; please evaluate again.")
    return FinishedRun(result, {example.id: example for example in examples})


def _check_comparable(
    first_path: Path, header: dict[str, object], path: Path, other: dict[str, object]
) -> None:
    if header["task"] != other["task"]:
        raise BadRequest(
            f"{first_path} is of the task {header['task']}, {path} of {other['task']}: they do not compare."
        )
    prints = [data["fingerprint"] for data in (header["data"], other["data"]) if isinstance(data, dict)]
    if prints[0] != prints[1]:
        raise BadRequest(
            f"{first_path} and {path} were scored on different data: evaluate both with the same --data, "
            "--split, --limit and --seed."
        )


def _score_names(runs: Sequence[FinishedRun]) -> list[str]:
    return [name for name in runs[0].result.scores if all(name in run.result.scores for run in runs)]


def _row(
    name: str, runs: Sequence[FinishedRun], shared: Sequence[str], units: Sequence[str], seed: int
) -> Row:
    parts = [_by_unit(name, run, shared, units) for run in runs]  # [U, S] each
    whole = [part for part in parts if part is not None]
    if len(whole) < len(runs):
        return Row(name, tuple(run.result.scores[name] for run in runs), (None,) * len(runs))
    points = [float(score_of(part.sum(axis=0))) for part in whole]
    samples = bootstrap_scores(len(units), whole, seed)
    scores = tuple(map(interval, points, samples))
    differences = [
        interval(point - points[0], sample - samples[0])
        for point, sample in zip(points[1:], samples[1:], strict=True)
    ]
    return Row(name, scores, (None, *differences))


def _by_unit(name: str, run: FinishedRun, shared: Sequence[str], units: Sequence[str]) -> Sums | None:
    """The statistics of a score, summed per unit; None if it has none."""
    examples = [run.examples[id] for id in shared if name in run.examples[id].parts]
    if not examples:
        return None
    place = {unit: number for number, unit in enumerate(units)}
    sums = np.zeros((len(units), len(examples[0].parts[name])))
    np.add.at(
        sums, [place[example.unit] for example in examples], [example.parts[name] for example in examples]
    )
    return sums


def _names(paths: Sequence[Path], runs: Sequence[FinishedRun]) -> tuple[str, ...]:
    """The models' names, with their folders if two are the same."""
    names = [run.result.model for run in runs]
    if len(set(names)) == len(names):
        return tuple(names)
    folders = [(path if path.is_dir() else path.parent).resolve().name for path in paths]
    return tuple(f"{name} ({folder})" for name, folder in zip(names, folders, strict=True))


def render_table(comparison: Comparison) -> str:
    """The comparison as Markdown."""
    lines = [
        f"# {comparison.task} on {one_line(comparison.data)}",
        "",
        "| | " + " | ".join(map(one_line, comparison.names)) + " |",
    ]
    lines.append("|---|" + "---:|" * len(comparison.names))
    for row in comparison.rows:
        cells = [
            f"{_score(score, row.name)}{_format_difference(difference)}"
            for score, difference in zip(row.scores, row.differences, strict=True)
        ]
        lines.append(f"| {one_line(row.name)} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", summarize(comparison)]) + "\n"


def summarize(comparison: Comparison) -> str:
    """A sentence about the data and the meaning of the brackets."""
    left_out = comparison.whole - comparison.examples
    missing = f", {left_out:,} others left out" if left_out else ""
    return (
        f"{comparison.examples:,} examples{missing}. In brackets {LEVEL:.0%} intervals: {RESAMPLES:,} "
        f"bootstrap resamples of {comparison.units:,} pictures (or texts), the same for every run. After Δ "
        f"the difference from {one_line(comparison.names[0])}; a star where its interval leaves out zero."
    )


def render_page(comparison: Comparison) -> str:
    """The comparison as a page of its own."""
    rows = [
        {
            "name": row.name,
            "cells": [
                _cell(score, difference, row.name)
                for score, difference in zip(row.scores, row.differences, strict=True)
            ],
        }
        for row in comparison.rows
    ]
    title = f"{comparison.task} on {comparison.data}"
    return render(
        "comparison.html", title=title, lead=summarize(comparison), names=comparison.names, rows=rows
    )


def _cell(score: Interval | float, difference: Interval | None, name: str) -> dict[str, str]:
    """The texts of one cell of the page's table."""
    clear = difference is not None and difference.is_clear
    return {
        "score": format_score(score, name) if isinstance(score, float) else format_score(score.value),
        "interval": "" if isinstance(score, float) else _range(score),
        "difference": _format_difference(difference).strip(),
        "direction": ("up" if difference.value > 0 else "down") if difference and clear else "",
    }


def _range(score: Interval) -> str:
    return f"[{format_score(score.low)}, {format_score(score.high)}]"


def _score(score: Interval | float, name: str) -> str:
    if isinstance(score, float):
        return format_score(score, name)
    return f"{format_score(score.value)} {_range(score)}"


def _format_difference(difference: Interval | None) -> str:
    if difference is None:
        return ""
    star = " *" if difference.is_clear else ""
    return f" Δ {difference.value:+.3f} [{difference.low:+.3f}, {difference.high:+.3f}]{star}"
