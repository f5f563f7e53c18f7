"""A training run in a folder: its schedule, its models, and its progress.

The folder holds:

    training.safetensors   progress, master weights and optimiser states, replaced as a whole
    training.jsonl         the losses, every few steps
"""

import json
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from transformers import PreTrainedTokenizerFast

from vlm.lab.checkpoint import load, save
from vlm.lab.losses import Heads
from vlm.lab.model import Blip2Pair
from vlm.lab.optimiser import MasterAdamW
from vlm.lab.tokenizer import noun_of_tokens

CHECKPOINT = "training.safetensors"
LOG = "training.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSchedule:
    """The length of each phase, in steps of its own batch."""

    batch: int = 64
    vision_steps: int = 10_000
    joint_steps: int = 1200
    rate: float = 1e-3
    pictures: int = 80_000  # encoded once, for the text phase
    text_batch: int = 128
    text_steps: int = 4200
    text_rate: float = 8e-4

    @property
    def drawn(self) -> int:
        """Pictures drawn in all."""
        return (self.vision_steps + self.joint_steps) * self.batch + self.pictures

    def scaled(self, scale: float) -> "TrainingSchedule":
        return replace(
            self,
            vision_steps=max(2, round(self.vision_steps * scale)),
            joint_steps=max(2, round(self.joint_steps * scale)),
            pictures=max(self.text_batch, round(self.pictures * scale)),
            text_steps=max(2, round(self.text_steps * scale)),
        )


@dataclass(slots=True)
class TrainingProgress:
    """Steps done: of the vision and joint phases, which are one series, and of the text phase."""

    joint: int = 0
    words: int = 0


class TrainingRun:
    """The models compute in bfloat16; the optimisers hold the exact weights."""

    def __init__(
        self,
        folder: Path,
        plan: TrainingSchedule,
        tokenizer: PreTrainedTokenizerFast,
        *,
        seed: int,
        glyphs: Path | None = None,
    ) -> None:
        self.folder, self.plan, self.tokenizer, self.seed, self.glyphs = folder, plan, tokenizer, seed, glyphs
        torch.manual_seed(seed)
        self.pair = Blip2Pair(len(tokenizer)).bfloat16()
        self.heads = Heads(noun_of_tokens(tokenizer)).bfloat16()
        self.progress = TrainingProgress()
        everything = [*self.pair.parameters(), *self.heads.parameters()]
        self.optimiser = MasterAdamW(
            everything, peak_rate=plan.rate, phases=(plan.vision_steps, plan.joint_steps)
        )
        words = [*self.pair.words(), *self.heads.parameters()]
        self.text_optimiser = MasterAdamW(words, peak_rate=plan.text_rate, phases=(plan.text_steps,))

    def begin_text_phase(self) -> None:
        self.text_optimiser.adopt()

    def save(self) -> None:
        state = {
            "progress": [self.progress.joint, self.progress.words],
            "together": self.optimiser.state(),
            "words": self.text_optimiser.state(),
        }
        save(self.folder / CHECKPOINT, state)

    def restore(self) -> None:
        """Load the folder's checkpoint, if there is one."""
        state = load(self.folder / CHECKPOINT)
        if state is None:
            return
        self.progress = TrainingProgress(*state["progress"])
        self.optimiser.restore(state["together"])
        if self.progress.words:
            self.text_optimiser.restore(state["words"])

    def log(self, phase: str, step: int, losses: list[float]) -> None:
        line = {"time_s": round(time.time(), 1), "phase": phase, "step": step, "losses": losses}
        with (self.folder / LOG).open("a") as file:
            file.write(json.dumps(line) + "\n")

    def finish(self) -> None:
        """Give both models their exact weights, in float32. Training cannot continue after it."""
        self.pair.float()
        self.optimiser.publish()
        self.text_optimiser.publish()
