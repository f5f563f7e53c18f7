"""A training run in a folder: its plan, its models, and where it stands.

The folder holds:

    training.safetensors   progress, master weights and optimiser states, replaced as a whole
    training.jsonl         a line of losses every few steps
"""

import json
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from transformers import PreTrainedTokenizerFast

from vlm.lab.checkpoint import load, save
from vlm.lab.losses import Heads
from vlm.lab.model import Pair
from vlm.lab.optimiser import MasterAdamW
from vlm.lab.tokenizer import noun_of_tokens

CHECKPOINT = "training.safetensors"
LOG = "training.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long each phase lasts, in steps of its own batch."""

    batch: int = 64
    sight_steps: int = 10_000
    together_steps: int = 1200
    rate: float = 1e-3
    pictures: int = 80_000  # seen once, for the last phase
    words_batch: int = 128
    words_steps: int = 4200
    words_rate: float = 8e-4

    @property
    def drawn(self) -> int:
        """Pictures drawn in all."""
        return (self.sight_steps + self.together_steps) * self.batch + self.pictures

    def scaled(self, scale: float) -> "Plan":
        return replace(
            self,
            sight_steps=max(2, round(self.sight_steps * scale)),
            together_steps=max(2, round(self.together_steps * scale)),
            pictures=max(self.words_batch, round(self.pictures * scale)),
            words_steps=max(2, round(self.words_steps * scale)),
        )


@dataclass(slots=True)
class Progress:
    """Steps done in each phase; sight and together are one series."""

    together: int = 0
    words: int = 0


class Run:
    """The models compute in bfloat16; the optimisers hold the exact weights."""

    def __init__(
        self,
        folder: Path,
        plan: Plan,
        tokenizer: PreTrainedTokenizerFast,
        *,
        seed: int,
        glyphs: Path | None = None,
    ) -> None:
        self.folder, self.plan, self.tokenizer, self.seed, self.glyphs = folder, plan, tokenizer, seed, glyphs
        torch.manual_seed(seed)
        self.pair = Pair(len(tokenizer)).bfloat16()
        self.heads = Heads(noun_of_tokens(tokenizer)).bfloat16()
        self.progress = Progress()
        everything = [*self.pair.parameters(), *self.heads.parameters()]
        self.optimiser = MasterAdamW(
            everything, peak_rate=plan.rate, phases=(plan.sight_steps, plan.together_steps)
        )
        words = [*self.pair.words(), *self.heads.parameters()]
        self.words_optimiser = MasterAdamW(words, peak_rate=plan.words_rate, phases=(plan.words_steps,))

    def begin_words(self) -> None:
        self.words_optimiser.adopt()

    def save(self) -> None:
        state = {
            "progress": [self.progress.together, self.progress.words],
            "together": self.optimiser.state(),
            "words": self.words_optimiser.state(),
        }
        save(self.folder / CHECKPOINT, state)

    def restore(self) -> None:
        """Continue where the folder's checkpoint stands; without one, stay at the start."""
        state = load(self.folder / CHECKPOINT)
        if state is None:
            return
        self.progress = Progress(*state["progress"])
        self.optimiser.restore(state["together"])
        if self.progress.words:
            self.words_optimiser.restore(state["words"])

    def log(self, phase: str, step: int, losses: list[float]) -> None:
        line = {"time_s": round(time.time(), 1), "phase": phase, "step": step, "losses": losses}
        with (self.folder / LOG).open("a") as file:
            file.write(json.dumps(line) + "\n")

    def finish(self) -> None:
        """Give both models their exact weights, in float32. Training cannot go on after it."""
        self.pair.float()
        self.optimiser.publish()
        self.words_optimiser.publish()
