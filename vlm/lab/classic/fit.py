"""The training loop of both phases: epochs with early stopping, resumable, logged.

The folder of a run holds, for each phase:

    PHASE.safetensors   its state: epoch, weights, optimiser, the best weights; replaced atomically
    training.jsonl      a line for each epoch of each phase: loss and accuracy, in training and held out
"""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import torch
from torch import Tensor, nn
from tqdm import tqdm

from vlm.lab.checkpoint import SUFFIX, load, save

LOG: Final = "training.jsonl"
WARM_STEPS: Final = 200
MAX_GRADIENT_NORM: Final = 5.0  # norm of a gradient


@dataclass(frozen=True, slots=True)
class Score:
    """Of one batch: mean loss, and how many of `total` predictions were right."""

    loss: Tensor
    right: int
    total: int


class TrainingPhase(Protocol):
    """A module with its training and validation data."""

    @property
    def name(self) -> str: ...

    @property
    def module(self) -> nn.Module: ...

    @property
    def seed(self) -> int: ...

    def batches(self, epoch: int) -> Iterator[Any]: ...

    def held_out(self) -> Iterator[Any]: ...

    def steps(self) -> int: ...

    def score(self, batch: Any) -> Score: ...


@dataclass(slots=True)
class PhaseProgress:
    """The progress of a phase."""

    epoch: int = 0  # epochs done
    best_loss: float = float("inf")
    best_epoch: int = -1


def fit(phase: TrainingPhase, folder: Path, *, epochs: int, rate: float, patience: int) -> None:
    """Train `phase.module` for `epochs`, or until `patience` epochs in a row are no better; keep the best."""
    optimiser = torch.optim.AdamW(phase.module.parameters(), lr=rate, weight_decay=1e-4)
    path = folder / f"{phase.name}{SUFFIX}"
    progress, best = PhaseProgress(), phase.module.state_dict()
    if (state := load(path)) is not None:
        progress, best = _restore(state, phase.module, optimiser)
    total, done = epochs * phase.steps(), progress.epoch * phase.steps()
    with tqdm(total=total, initial=done, desc=phase.name, mininterval=5) as bar:
        while progress.epoch < epochs and progress.epoch - progress.best_epoch <= patience:
            torch.manual_seed(1000 * phase.seed + progress.epoch)  # an epoch is the same after a stop
            line = _epoch(phase, optimiser, progress.epoch, rate, bar)
            bar.set_postfix(loss=line["val_loss"], accuracy=line["val_accuracy"])
            if line["val_loss"] < progress.best_loss:
                progress.best_loss, progress.best_epoch = line["val_loss"], progress.epoch
                best = {name: weight.clone() for name, weight in phase.module.state_dict().items()}
            progress.epoch += 1
            with (folder / LOG).open("a") as file:
                file.write(json.dumps(line) + "\n")
            _save(path, phase.module, optimiser, progress, best)
    phase.module.load_state_dict(best)
    phase.module.eval()


def _epoch(phase: TrainingPhase, optimiser: torch.optim.Optimizer, epoch: int, rate: float, bar: Any) -> Any:
    started_s = time.monotonic()
    training = _Mean()
    phase.module.train()
    for step, batch in enumerate(phase.batches(epoch), epoch * phase.steps()):
        for group in optimiser.param_groups:
            group["lr"] = rate * share_of_rate(step, bar.total)
        score = phase.score(batch)
        optimiser.zero_grad(set_to_none=True)
        score.loss.backward()
        nn.utils.clip_grad_norm_(phase.module.parameters(), MAX_GRADIENT_NORM)
        optimiser.step()
        training.add(score)
        bar.update()
    held_out = _validate(phase)
    return {
        "phase": phase.name, "epoch": epoch, "loss": training.loss, "accuracy": training.accuracy,
        "val_loss": held_out.loss, "val_accuracy": held_out.accuracy,
        "seconds": round(time.monotonic() - started_s, 1),
    }  # fmt: skip


@torch.no_grad()
def _validate(phase: TrainingPhase) -> "_Mean":
    phase.module.eval()
    mean = _Mean()
    for batch in phase.held_out():
        mean.add(phase.score(batch))
    return mean


class _Mean:
    """Loss and accuracy over many batches, each counted by its size."""

    def __init__(self) -> None:
        self._loss, self._right, self._total = 0.0, 0, 0

    def add(self, score: Score) -> None:
        self._loss += score.loss.item() * score.total
        self._right += score.right
        self._total += score.total

    @property
    def loss(self) -> float:
        return round(self._loss / max(1, self._total), 5)

    @property
    def accuracy(self) -> float:
        return round(self._right / max(1, self._total), 5)


def share_of_rate(step: int, steps: int) -> float:
    """A short warm-up, then linear decay to a hundredth."""
    warm = max(1, min(WARM_STEPS, steps // 20))
    return min(1.0, (step + 1) / warm) * (1 - 0.99 * step / steps)


def _save(
    path: Path,
    module: nn.Module,
    optimiser: torch.optim.Optimizer,
    progress: PhaseProgress,
    best: dict[str, Tensor],
) -> None:
    state = {
        "standing": asdict(progress), "module": module.state_dict(),
        "optimiser": optimiser.state_dict(), "best": best,
    }  # fmt: skip
    save(path, state)


def _restore(
    state: Any, module: nn.Module, optimiser: torch.optim.Optimizer
) -> tuple[PhaseProgress, dict[str, Tensor]]:
    module.load_state_dict(state["module"])
    optimiser.load_state_dict(state["optimiser"])
    return PhaseProgress(**state["standing"]), state["best"]
