"""A training run in a folder: its plan, its models, and where it stands.

The folder holds:

    training.pt      progress, master weights and optimiser states, replaced as a whole
    training.jsonl   a line of losses every few steps
"""

import copy
import json
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn
from transformers import Blip2ForImageTextRetrieval, PreTrainedTokenizerFast

from vlm.lab.losses import Heads
from vlm.lab.model import Pair
from vlm.lab.optimiser import MasterAdamW

CHECKPOINT = "training.pt"
LOG = "training.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long each phase lasts, in steps of its own batch."""

    batch: int = 64
    sight_steps: int = 2400
    together_steps: int = 3400
    rate: float = 1e-3
    pictures: int = 40_000  # seen once, for the last two phases
    words_batch: int = 128
    words_steps: int = 700
    words_rate: float = 6e-4
    search_batch: int = 256
    search_steps: int = 400
    search_rate: float = 4e-4

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
            search_steps=max(2, round(self.search_steps * scale)),
        )


@dataclass(slots=True)
class Progress:
    """Steps done in each phase; sight and together are one series."""

    together: int = 0
    words: int = 0
    search: int = 0


class Run:
    """Models compute in bfloat16; the optimisers hold the exact weights.

    `searcher` is a copy of the retrieval model whose Q-Former goes its own way in the last phase; the blocks
    of its vision tower stay those of `pair`.
    """

    def __init__(self, folder: Path, plan: Plan, tokenizer: PreTrainedTokenizerFast, *, seed: int) -> None:
        self.folder, self.plan, self.tokenizer, self.seed = folder, plan, tokenizer, seed
        torch.manual_seed(seed)
        self.pair = Pair(len(tokenizer)).bfloat16()
        self.heads = Heads().bfloat16()
        self.searcher = self._searcher()
        self.progress = Progress()
        together = plan.sight_steps + plan.together_steps
        everything = [*self.pair.parameters(), *self.heads.parameters()]
        self.optimiser = MasterAdamW(everything, peak_rate=plan.rate, steps=together)
        generative = self.pair.generative
        words = [*generative.language_projection.parameters(), *generative.language_model.parameters()]
        self.words_optimiser = MasterAdamW(words, peak_rate=plan.words_rate, steps=plan.words_steps)
        search = [*search_parameters(self.searcher)]
        self.search_optimiser = MasterAdamW(search, peak_rate=plan.search_rate, steps=plan.search_steps)

    def _searcher(self) -> Blip2ForImageTextRetrieval:
        searcher = copy.deepcopy(self.pair.retrieval)
        searcher.vision_model.embeddings = self.pair.retrieval.vision_model.embeddings
        searcher.vision_model.encoder = self.pair.retrieval.vision_model.encoder
        return searcher

    def begin_words(self) -> None:
        self.words_optimiser.adopt()

    def begin_search(self) -> None:
        self.searcher.load_state_dict(self.pair.retrieval.state_dict())
        self.search_optimiser.adopt()

    def save(self) -> None:
        state = {
            "progress": [self.progress.together, self.progress.words, self.progress.search],
            "together": self.optimiser.state(),
            "words": self.words_optimiser.state(),
            "search": self.search_optimiser.state(),
        }
        unfinished = self.folder / (CHECKPOINT + ".new")
        torch.save(state, unfinished)
        unfinished.replace(self.folder / CHECKPOINT)  # never half a checkpoint

    def restore(self) -> None:
        """Continue where the folder's checkpoint stands; without one, stay at the start."""
        path = self.folder / CHECKPOINT
        if not path.exists():
            return
        state = torch.load(path, weights_only=True)
        self.progress = Progress(*state["progress"])
        self.optimiser.restore(state["together"])
        if self.progress.words:
            self.words_optimiser.restore(state["words"])
        if self.progress.search:
            self.search_optimiser.restore(state["search"])

    def log(self, phase: str, step: int, losses: list[float]) -> None:
        line = {"time_s": round(time.time(), 1), "phase": phase, "step": step, "losses": losses}
        with (self.folder / LOG).open("a") as file:
            file.write(json.dumps(line) + "\n")

    def finish(self) -> None:
        """Give the models their exact weights, in float32. Training cannot go on after it."""
        self.pair.float()
        self.searcher.float()
        self.optimiser.publish()
        self.words_optimiser.publish()
        self.search_optimiser.publish()


def search_parameters(model: Blip2ForImageTextRetrieval) -> list[nn.Parameter]:
    """All that the search phase moves: everything but the blocks of the vision tower."""
    tower = model.vision_model
    blocks = {id(weight) for weight in (*tower.embeddings.parameters(), *tower.encoder.parameters())}
    return [weight for weight in model.parameters() if id(weight) not in blocks]
