"""Train the tiny checkpoint from nothing, on pictures that are drawn while it learns.

    1. sight      vision tower, Q-Former and throw-away heads
    2. together   all of it: heads, captions, answers, search
    3. words      the language model alone, on the query tokens of a fixed set of pictures

A run that was stopped continues from `OUT/training.pt`; batch n is the same whenever it is drawn.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm
from transformers import PreTrainedTokenizerFast

from vlm.lab.data import Batches, Pictures, PictureTexts
from vlm.lab.losses import Heads, full_loss, language_loss, query, see, vision_loss
from vlm.lab.model import Pair
from vlm.lab.optimiser import MasterAdamW
from vlm.lab.wording import train_tokenizer

CHECKPOINT = "training.pt"
LOG = "training.jsonl"
SAVE_EVERY = 200  # steps
LOG_EVERY = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long each phase lasts."""

    batch: int = 64
    sight_steps: int = 2400
    together_steps: int = 3800
    words_pictures: int = 40_000
    words_batch: int = 128
    words_steps: int = 700
    peak_rate: float = 1e-3
    words_rate: float = 6e-4

    def scaled(self, scale: float) -> "Plan":
        def some(steps: int) -> int:
            return max(2, round(steps * scale))

        return Plan(
            sight_steps=some(self.sight_steps),
            together_steps=some(self.together_steps),
            words_pictures=max(self.words_batch, round(self.words_pictures * scale)),
            words_steps=some(self.words_steps),
        )


def training_series(seed: int) -> int:
    """Training draws from even series, `held_out_series` from odd ones: they never meet."""
    return 2 * seed


def held_out_series(seed: int) -> int:
    return 2 * seed + 1


class Run:
    """One training run in a folder: model, heads, tokenizer, and where it stands."""

    def __init__(self, out: Path, plan: Plan, *, seed: int, fast: bool) -> None:
        self.out, self.plan, self.seed, self.fast = out, plan, seed, fast
        torch.manual_seed(seed)
        self.tokenizer: PreTrainedTokenizerFast = train_tokenizer()
        self.pair = Pair(len(self.tokenizer)).bfloat16()
        self.heads = Heads().bfloat16()
        self.done = 0  # steps of sight and together
        self.words_done = 0
        total = plan.sight_steps + plan.together_steps
        everything = [*self.pair.parameters(), *self.heads.parameters()]
        self.optimiser = MasterAdamW(everything, peak_rate=plan.peak_rate, steps=total)
        language = self.pair.generative
        spoken = [*language.language_projection.parameters(), *language.language_model.parameters()]
        self.words_optimiser = MasterAdamW(spoken, peak_rate=plan.words_rate, steps=plan.words_steps)

    def compiled(self, step: Callable[..., Any]) -> Callable[..., Any]:
        return torch.compile(step) if self.fast else step

    def save(self) -> None:
        state = {
            "done": self.done,
            "words_done": self.words_done,
            "optimiser": self.optimiser.state(),
            "words_optimiser": self.words_optimiser.state(),
        }
        unfinished = self.out / (CHECKPOINT + ".new")
        torch.save(state, unfinished)
        unfinished.replace(self.out / CHECKPOINT)  # never half a checkpoint

    def restore(self) -> None:
        state = torch.load(self.out / CHECKPOINT, weights_only=True)
        self.done, self.words_done = state["done"], state["words_done"]
        self.optimiser.restore(state["optimiser"])
        if self.words_done:
            self.words_optimiser.restore(state["words_optimiser"])

    def log(self, **values: float | str) -> None:
        with (self.out / LOG).open("a") as file:
            file.write(json.dumps({"time_s": round(time.time(), 1), **values}) + "\n")


def train_tiny(
    out: Path, *, seed: int = 0, scale: float = 1.0, threads: int = 1, resume: bool = True, fast: bool = True
) -> None:
    """Train and leave the finished state in `out`.

    `scale` multiplies the schedule's steps (1 is the shipped recipe, 0.001 a smoke test); `fast` compiles
    the steps, which pays after some minutes.
    """
    torch.set_num_threads(threads)
    out.mkdir(parents=True, exist_ok=True)
    run = Run(out, Plan().scaled(scale) if scale != 1 else Plan(), seed=seed, fast=fast)
    if resume and (out / CHECKPOINT).exists():
        run.restore()
    _see_and_speak(run)
    _words(run)


def _see_and_speak(run: Run) -> None:
    """Phases 1 and 2: one series of batches under one learning rate schedule."""
    plan = run.plan
    total = plan.sight_steps + plan.together_steps
    batches = Batches(run.tokenizer, seed=training_series(run.seed), size=plan.batch)
    sight, together = run.compiled(vision_loss), run.compiled(full_loss)
    for number, batch in _stream(batches, range(run.done, total), "seeing"):
        if number < plan.sight_steps:
            losses = (sight(run.pair, run.heads, batch),)
        else:
            losses = together(run.pair, run.heads, batch)
        _advance(run, run.optimiser, number, losses)
        run.done = number + 1
        if run.done % SAVE_EVERY == 0 or run.done == total:
            run.save()


def _words(run: Run) -> None:
    """Phase 3. The query tokens are drawn and seen once, then asked about again and again."""
    plan = run.plan
    if run.words_done == plan.words_steps:
        return
    if not run.words_done:
        run.words_optimiser.adopt()
    series = training_series(run.seed) + 1_000_000  # pictures that the tower has not learned from
    seen = _look_at_all(run, series)
    texts = PictureTexts(run.tokenizer, seed=series, pictures=plan.words_pictures, size=plan.words_batch)
    spoken = run.compiled(language_loss)
    for number, some in _stream(texts, range(run.words_done, plan.words_steps), "words"):
        loss = spoken(run.pair, seen[some.pictures], some.text)
        _advance(run, run.words_optimiser, number, (loss,))
        run.words_done = number + 1
        if run.words_done % SAVE_EVERY == 0 or run.words_done == plan.words_steps:
            run.save()


@torch.no_grad()
def _look_at_all(run: Run, series: int) -> Tensor:
    """Query outputs of the fixed pictures, [pictures, Q, D] bfloat16."""
    pictures = Pictures(seed=series, size=run.plan.words_batch)
    parts = []
    for _, pixels in _stream(pictures, range(-(-run.plan.words_pictures // pictures.size)), "looking"):
        seen = run.pair.retrieval.vision_model.post_layernorm(see(run.pair, pixels))
        parts.append(query(run.pair, seen))
    return torch.cat(parts)


def _advance(run: Run, optimiser: MasterAdamW, number: int, losses: tuple[Tensor, ...]) -> None:
    losses[0].backward()
    optimiser.step(number)
    if number % LOG_EVERY == 0:
        run.log(phase=f"{len(losses)}", step=number, **{f"loss_{i}": x.item() for i, x in enumerate(losses)})


def _stream(data: Dataset[Any], numbers: range, title: str) -> Iterator[tuple[int, Any]]:
    """Batches by number, drawn ahead in another process, under a progress bar."""
    loader = DataLoader(data, batch_size=None, sampler=numbers, num_workers=1, prefetch_factor=4)
    bar = tqdm(total=numbers.stop, initial=numbers.start, desc=title, mininterval=5)
    with bar:
        for number, batch in zip(numbers, loader, strict=True):
            yield number, batch
            bar.update()
