"""Train the tiny translator from scratch, on pairs that the reference grammar generates during training.

    OUT/                    the checkpoint, with its card
    OUT/training/           training.safetensors: step, exact weights, optimiser; losses; plan.json

A run that was stopped continues where it was; batch n is always the same.
"""

import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm
from transformers import M2M100ForConditionalGeneration, PreTrainedTokenizerFast

from vlm.lab.checkpoint import load, save
from vlm.lab.languages.batches import IGNORED, TranslationBatch, TranslationBatches
from vlm.lab.languages.card import write_card
from vlm.lab.languages.pairs import PairSampler
from vlm.lab.languages.reference import Reference
from vlm.lab.languages.score import score
from vlm.lab.languages.tables import read_sentences, read_words
from vlm.lab.languages.tokenizer import train_tokenizer
from vlm.lab.languages.translator_model import tiny_m2m100
from vlm.lab.optimiser import MasterAdamW
from vlm.lab.run_config import check_run_config

TRAINING = "training"
CHECKPOINT = "training.safetensors"
TOKENIZER = "tokenizer"
LOG = "training.jsonl"
SCORED = 1000  # held-out lines
SAVE_EVERY = 100  # steps
LOG_EVERY = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslatorSchedule:
    steps: int = 3600
    batch: int = 256
    rate: float = 1.5e-3
    tokenizer_pairs: int = 60_000

    def scaled(self, scale: float) -> "TranslatorSchedule":
        if scale >= 1:
            return replace(self, steps=round(self.steps * scale))
        fewer = max(3000, round(self.tokenizer_pairs * scale))
        return replace(self, steps=max(2, round(self.steps * scale)), tokenizer_pairs=fewer)


def train_translator(out: Path, *, seed: int = 0, scale: float = 1.0, threads: int = 1) -> None:
    """Train, and write the checkpoint to `out`, scored and with its card.

    `scale` multiplies the number of steps: 1 is the shipped recipe, 0.001 a smoke test.
    Raises:  BadRequest for a folder of a run with another seed or scale.
    """
    torch.set_num_threads(threads)
    folder, plan = out / TRAINING, TranslatorSchedule().scaled(scale)
    check_run_config(folder, {"seed": seed, "scale": scale, "plan": asdict(plan)})
    pairs = PairSampler(Reference(read_words(), read_sentences()))
    run = TranslatorRun(folder, plan, tokenizer_of(folder, pairs, plan), seed=seed)
    run.restore()
    run.train(TranslationBatches(pairs, run.tokenizer, seed=seed, size=plan.batch))
    run.export(out)
    count = min(SCORED, max(20, round(SCORED * scale)))
    write_card(out, run.step * plan.batch, seed=seed, scale=scale, scores=score(out, count), count=count)


def tokenizer_of(folder: Path, pairs: PairSampler, plan: TranslatorSchedule) -> PreTrainedTokenizerFast:
    """The tokenizer of the run: after a change of the tables, a new one would not fit the weights."""
    kept = folder / TOKENIZER
    if kept.is_dir():
        tokenizer: PreTrainedTokenizerFast = PreTrainedTokenizerFast.from_pretrained(kept)
        return tokenizer
    tokenizer = train_tokenizer(pairs, plan.tokenizer_pairs)
    unfinished = kept.with_suffix(".new")
    tokenizer.save_pretrained(unfinished)
    unfinished.replace(kept)  # atomic
    return tokenizer


class TranslatorRun:
    """The model computes in bfloat16; the optimiser holds the exact weights."""

    def __init__(
        self, folder: Path, plan: TranslatorSchedule, tokenizer: PreTrainedTokenizerFast, *, seed: int
    ) -> None:
        self.folder, self.plan, self.tokenizer, self.seed = folder, plan, tokenizer, seed
        torch.manual_seed(seed)
        self.model: M2M100ForConditionalGeneration = tiny_m2m100(len(tokenizer)).bfloat16()
        # On short texts and a CPU the plain attention is three times faster backwards than the fused one.
        self.model.set_attn_implementation("eager")
        self.step = 0
        self.optimiser = MasterAdamW(self.model.parameters(), peak_rate=plan.rate, phases=(plan.steps,))

    def train(self, batches: TranslationBatches) -> None:
        """Run the remaining steps."""
        self.model.train()
        with tqdm(total=self.plan.steps, initial=self.step, desc="translating", mininterval=5) as bar:
            for number, batch in batches.stream(self.step, self.plan.steps):
                loss = loss_of(self.model, batch)
                loss.backward()
                self.optimiser.step(number)
                self.step = number + 1
                if number % LOG_EVERY == 0:
                    self.log(loss.item())
                if self.step % SAVE_EVERY == 0 or self.step == self.plan.steps:
                    self.save()
                bar.update()

    def save(self) -> None:
        save(self.folder / CHECKPOINT, {"step": self.step, "optimiser": self.optimiser.state()})

    def restore(self) -> None:
        """Load the folder's checkpoint, if there is one."""
        state = load(self.folder / CHECKPOINT)
        if state is not None:
            self.step = state["step"]
            self.optimiser.restore(state["optimiser"])

    def log(self, loss: float) -> None:
        line = {"time_s": round(time.time(), 1), "step": self.step, "loss": round(loss, 4)}
        with (self.folder / LOG).open("a") as file:
            file.write(json.dumps(line) + "\n")

    def export(self, out: Path) -> None:
        """Write the checkpoint as transformers reads it, in float16. Training cannot continue after it."""
        self.model.float()
        self.optimiser.publish()
        self.model.half().save_pretrained(out)
        self.tokenizer.save_pretrained(out)


def loss_of(model: M2M100ForConditionalGeneration, batch: TranslationBatch) -> Tensor:
    """Cross-entropy of the next token, over all targets of the batch."""
    logits = model(
        input_ids=batch.source,
        attention_mask=batch.mask,
        decoder_input_ids=batch.decoder_input,
        use_cache=False,
    ).logits  # [B, T, V]
    return functional.cross_entropy(
        logits.flatten(0, 1).float(), batch.labels.flatten(), ignore_index=IGNORED
    )
