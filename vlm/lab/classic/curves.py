"""The plot of a run: loss and accuracy of each epoch, in training and on held-out data."""

import json
from pathlib import Path
from typing import Any

from vlm.lab.optional_deps import import_optional

TITLES = {"sight": "VGG16: words of the captions", "words": "LSTM: the next word"}


def read_log(path: Path) -> dict[str, list[dict[str, Any]]]:
    """The lines of `training.jsonl` by phase; of an epoch that was run twice, the last."""
    phases: dict[str, dict[int, dict[str, Any]]] = {}
    for line in map(json.loads, path.read_text().splitlines()):
        phases.setdefault(line["phase"], {})[line["epoch"]] = line
    return {phase: [lines[epoch] for epoch in sorted(lines)] for phase, lines in phases.items()}


def draw_curves(log: Path, out: Path) -> None:
    """Plot the log into `out` (its suffix says as what). Raises BadRequest where matplotlib is missing."""
    figures = import_optional("matplotlib.figure")  # no pyplot: no windows and no state of the process
    phases = read_log(log)
    figure = figures.Figure(figsize=(9, 3.2 * len(phases)), layout="constrained")
    rows = figure.subplots(len(phases), 2, squeeze=False)
    for axes, (phase, lines) in zip(rows, phases.items(), strict=True):
        epochs = [line["epoch"] + 1 for line in lines]
        for axis, measure in zip(axes, ("loss", "accuracy"), strict=True):
            for name, label in ((measure, "training"), (f"val_{measure}", "validation")):
                axis.plot(epochs, [line[name] for line in lines], label=label, marker=".")
            axis.set(title=TITLES[phase], xlabel="epoch", ylabel=measure)
            axis.grid(alpha=0.3)
            axis.legend()
    figure.savefig(out)
