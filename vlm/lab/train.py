"""Train the tiny checkpoint from scratch, on pictures that are drawn during training.

    1. vision phase   vision tower, Q-Former and auxiliary heads
    2. joint phase    everything: heads, captions, answers, search
    3. text phase     everything but the vision tower, on its stored states of a fixed set of pictures

A run that was stopped continues from `OUT/training/`; batch n is the same whenever it is drawn.
`training.jsonl` calls phases 1 and 2 `together`, and phase 3 `words`.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from vlm.lab.card import TrainingFacts, write_cards
from vlm.lab.evaluate import caption_of_check, evaluate_tiny
from vlm.lab.export import save_folders
from vlm.lab.glyphs import glyph_folders
from vlm.lab.losses import encode_pixels, joint_phase_loss, text_phase_loss, vision_phase_loss
from vlm.lab.optimiser import MasterAdamW
from vlm.lab.phase_data import SceneImages, TextBatches
from vlm.lab.run_config import check_run_config
from vlm.lab.scenes import training_series
from vlm.lab.tokenizer import train_tokenizer
from vlm.lab.training_data import SceneBatches
from vlm.lab.training_run import TrainingRun, TrainingSchedule

TRAINING = "training"  # the run's own folder, below the checkpoint's
SAVE_EVERY = 200  # steps
LOG_EVERY = 25
TEXT_PHASE_SEED = 500_000  # offset from the seed of the pictures of the earlier phases

Step = Callable[..., Any]


def train_tiny(
    out: Path,
    *,
    seed: int = 0,
    scale: float = 1.0,
    threads: int = 1,
    glyphs: Path | None = None,
) -> None:
    """Train, and write the two checkpoint folders to `out`, scored and with their cards.

    `scale` multiplies the schedule's steps: 1 is the whole recipe, 0.001 a smoke test. `threads` is what
    torch computes with; drawing takes a third of another core. Two cores need some three hours. `glyphs`
    holds folders of other artists' emoji.

    Raises:  BadRequest where `out` holds a run with another seed, scale or glyphs.
    """
    torch.set_num_threads(threads)
    folder = out / TRAINING
    sets = [path.name for path in glyph_folders(glyphs)]
    check_run_config(folder, {"seed": seed, "scale": scale, "glyphs": sets})
    plan = TrainingSchedule() if scale == 1 else TrainingSchedule().scaled(scale)
    run = TrainingRun(folder, plan, train_tokenizer(), seed=seed, glyphs=glyphs)
    run.restore()
    # compiling needs a C++ compiler, takes two minutes, and then saves a seventh
    pays = scale > 0.1 and shutil.which("g++")
    train(run, compiled=torch.compile if pays else lambda step: step)
    run.finish()
    save_folders(run.pair, run.tokenizer, out)
    _describe(run, out, scale)


def _describe(run: TrainingRun, out: Path, scale: float) -> None:
    """Score the saved checkpoint, loaded as users load it, and write the cards."""
    report = evaluate_tiny(str(out), count=min(1000, max(20, round(1000 * scale))))
    facts = TrainingFacts(
        seed=run.seed,
        scale=scale,
        pictures=run.plan.drawn,
        expected_caption=caption_of_check(str(out)),
        report=report,
        glyph_sets=tuple(path.name for path in glyph_folders(run.glyphs)),
    )
    write_cards(out, facts)


def train(run: TrainingRun, compiled: Callable[[Step], Step]) -> None:
    """Run all phases, from the state of the run."""
    train_vision_and_joint(run, compiled)
    if run.progress.words < run.plan.text_steps:
        train_text(run, compiled)


def train_vision_and_joint(run: TrainingRun, compiled: Callable[[Step], Step]) -> None:
    """Phases 1 and 2: one series of batches."""
    plan = run.plan
    total = plan.vision_steps + plan.joint_steps
    batches = SceneBatches(
        run.tokenizer,
        seed=training_series(run.seed),
        size=plan.batch,
        talking_from=plan.vision_steps,
        glyphs=run.glyphs,
    )
    sight, everything = compiled(vision_phase_loss), compiled(joint_phase_loss)
    for number, batch in stream(batches, range(run.progress.joint, total), "seeing"):
        if batch.texts is None:
            losses = [sight(run.pair, run.heads, batch)]
        else:
            losses = [*everything(run.pair, run.heads, batch, batch.texts)]
        run.progress.joint = number + 1
        advance(run, run.optimiser, "together", number, losses, last=number + 1 == total)


def train_text(run: TrainingRun, compiled: Callable[[Step], Step]) -> None:
    """Phase 3. The fixed pictures are drawn and encoded once, and used with ever new texts."""
    plan = run.plan
    if not run.progress.words:
        run.begin_text_phase()
    series = training_series(run.seed + TEXT_PHASE_SEED)
    image_states = encode_images(run, series)
    step = compiled(text_phase_loss)
    batches = TextBatches(run.tokenizer, series=series, pictures=len(image_states), size=plan.text_batch)
    for number, batch in stream(batches, range(run.progress.words, plan.text_steps), "words"):
        losses = [*step(run.pair, run.heads, image_states[batch.pictures], batch.texts, batch.targets)]
        run.progress.words = number + 1
        advance(run, run.text_optimiser, "words", number, losses, last=number + 1 == plan.text_steps)


@torch.no_grad()
def encode_images(run: TrainingRun, series: int) -> Tensor:
    """Normed vision states of the fixed pictures, [pictures, 1 + P, D] bfloat16: 31 KB each."""
    norm = run.pair.retrieval.vision_model.post_layernorm
    pictures = SceneImages(series=series, size=run.plan.text_batch, glyphs=run.glyphs)
    batches = range(-(-run.plan.pictures // pictures.size))
    return torch.cat(
        [norm(encode_pixels(run.pair, pixels)) for _, pixels in stream(pictures, batches, "looking")]
    )


def advance(
    run: TrainingRun, optimiser: MasterAdamW, phase: str, number: int, losses: list[Tensor], *, last: bool
) -> None:
    """One step down the first loss; the log and the checkpoint when they are due."""
    losses[0].backward()
    optimiser.step(number)
    if number % LOG_EVERY == 0:
        run.log(phase, number, [round(loss.item(), 4) for loss in losses])
    if last or (number + 1) % SAVE_EVERY == 0:
        run.save()


def stream(data: Dataset[Any], numbers: range, title: str) -> Iterator[tuple[int, Any]]:
    """Batches by number, drawn ahead in another process, under a progress bar."""
    loader = DataLoader(data, batch_size=None, sampler=numbers, num_workers=1, prefetch_factor=4)
    with tqdm(total=numbers.stop, initial=numbers.start, desc=title, mininterval=5) as bar:
        for number, batch in zip(numbers, loader, strict=True):
            yield number, batch
            bar.update()
