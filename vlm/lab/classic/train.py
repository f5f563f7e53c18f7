"""Train the classic captioner on captioned pictures.

    1. vision phase    without published weights: train a narrow VGG16 on the captions' words
    2. features        compute the features of every picture once, and store them
    3. caption phase   train the merge model on the features
    4. finish          write the folder that `--model classic:DIR` loads, with its scores and card

A run that was stopped continues from `OUT/training/`, where phases 1 and 3 are called `sight` and `words`.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vlm.engine.classic.captioner import Captioner, CaptionerConfig, save
from vlm.engine.classic.preprocessing import normalised
from vlm.engine.classic.vgg import STRIDE_PX
from vlm.engine.classic.words import Words
from vlm.errors import BadSetting
from vlm.lab.classic.caption_phase import CaptionPhase, caption_set
from vlm.lab.classic.card import CaptionerFacts, write_card
from vlm.lab.classic.features import (
    Features,
    Pixels,
    features_of,
    open_split,
    pixels_of,
    read_squashed,
    rows_of,
)
from vlm.lab.classic.fit import LOG, fit
from vlm.lab.classic.published import open_published
from vlm.lab.classic.vision_phase import (
    SIDES,
    LabelledImages,
    VisionClassifier,
    VisionPhase,
    augment,
    label_words,
    word_shares,
)
from vlm.lab.datasets.records import CaptionedImage
from vlm.lab.optional_deps import import_optional
from vlm.lab.run_config import check_run_config

TRAINING: Final = "training"  # the run's own folder, below the captioner's
SPLITS: Final = ("train", "val", "test")
TITLES: Final = {"sight": "VGG16: words of the captions", "words": "LSTM: the next word"}  # by phase


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """The hyperparameters. `width` and `side_px` are of a VGG16 that is trained here."""

    seed: int = 0
    width: float = 0.125
    side_px: int = 96
    sight_epochs: int = 20
    sight_rate: float = 7e-4
    epochs: int = 12
    rate: float = 1e-3
    patience: int = 4  # epochs that are no better, before a phase ends
    renderings: int = 4  # of each training picture, for the merge model
    at_least: int = 3  # times that a word must be used
    longest: int = 30  # words


class CaptionerRun:
    """One training run: its data, its captioner, its folder."""

    def __init__(self, data: Path, out: Path, recipe: Recipe, *, layout: str, weights: Path | None) -> None:
        self.out, self.folder, self.recipe = out, out / TRAINING, recipe
        self.splits = {split: open_split(data, layout, split) for split in SPLITS}
        self.command = _command(data, out, recipe, layout, weights)
        torch.manual_seed(recipe.seed)
        self.words = Words.of(
            (caption for captions in self.captions("train") for caption in captions), at_least=recipe.at_least
        )
        self.captioner = _captioner(recipe, self.words, weights)
        self.published = weights is not None
        check_run_config(
            self.folder, {"command": self.command, "recipe": asdict(recipe), "data": self._pictures()}
        )

    def captions(self, split: str) -> list[tuple[str, ...]]:
        return [example.captions for example in self.splits[split]]

    def _pictures(self) -> dict[str, list[str]]:
        return {split: [image.id for image in images] for split, images in self.splits.items()}


def train_classic(
    data: Path,
    out: Path,
    recipe: Recipe,
    *,
    layout: str = "auto",
    weights: Path | None = None,
    threads: int = 1,
) -> None:
    """Train, and write the captioner to `out`, with its scores, card and curves.

    Raises:  NotFound and BadRequest for data or weights that cannot be used, or where a library of the extra
             `lab` is missing; BadSetting for a recipe that cannot be; BadImage, naming the file.
    """
    import_optional("matplotlib"), import_optional("sacrebleu")  # fail before training, not after it
    _refuse_unfit(recipe)
    torch.set_num_threads(threads)
    run = CaptionerRun(data, out, recipe, layout=layout, weights=weights)
    features = _published_features(run) if run.published else _train_vision(run)
    _train_captions(run, features)
    _finish(run, features["test"])


def _refuse_unfit(recipe: Recipe) -> None:
    if not 0 < recipe.width <= 1:
        raise BadSetting(f"--width is {recipe.width:g}; please use a number above 0, up to 1.")
    if recipe.side_px % STRIDE_PX or recipe.side_px < STRIDE_PX:
        raise BadSetting(
            f"A side of {recipe.side_px} pixels does not fit VGG16; please use a multiple of 32."
        )
    if min(recipe.epochs, recipe.sight_epochs) < 1:
        raise BadSetting("--epochs and --sight-epochs must be at least 1.")
    if recipe.seed < 0:
        raise BadSetting(f"--seed is {recipe.seed}; please use 0 or more.")


def _captioner(recipe: Recipe, words: Words, weights: Path | None) -> Captioner:
    if weights is None:
        shape = CaptionerConfig(width=recipe.width, side_px=recipe.side_px, longest=recipe.longest)
        return Captioner(shape, words)
    vgg, preprocessing = open_published(weights)
    shape = CaptionerConfig(
        width=vgg.width, side_px=vgg.side_px, preprocessing=preprocessing, longest=recipe.longest
    )
    return Captioner(shape, words, vgg)


def _train_vision(run: CaptionerRun) -> dict[str, Features]:
    """Train VGG16, then compute the features, of training pictures in several augmented renderings."""
    recipe = run.recipe
    pixels = {
        split: pixels_of(images, recipe.side_px, run.folder / f"pixels-{split}.npy")
        for split, images in run.splits.items()
    }
    chosen = label_words(run.words, run.captions("train"))
    train, val = (
        LabelledImages(pixels[split], word_shares(run.words, run.captions(split), chosen))
        for split in ("train", "val")
    )
    classifier = VisionClassifier(run.captioner.vgg, train.shares)
    mirrored = not SIDES & {*run.words.known}
    phase = VisionPhase(classifier, train, val, mirrored=mirrored, seed=recipe.seed)
    fit(phase, run.folder, epochs=recipe.sight_epochs, rate=recipe.sight_rate, patience=recipe.patience)
    torch.manual_seed(recipe.seed)
    return {
        split: _extract_features(
            run,
            split,
            partial(_pixels, pixels[split], mirrored),
            renderings=recipe.renderings if split == "train" else 1,
        )
        for split in SPLITS
    }


def _pixels(pixels: Pixels, mirrored: bool, rows: NDArray[Any], rendering: int) -> Tensor:
    """Normalized pictures; every rendering but the first is augmented."""
    plain = normalised(rows_of(pixels, rows), "torch")
    return augment(plain, mirrored=mirrored) if rendering else plain


def _published_features(run: CaptionerRun) -> dict[str, Features]:
    """The features by published weights; each picture is read once."""
    return {
        split: _extract_features(run, split, partial(_read, run, split), renderings=1) for split in SPLITS
    }


def _read(run: CaptionerRun, split: str, rows: NDArray[Any], _: int) -> Tensor:
    shape = run.captioner.config
    pictures = np.stack([read_squashed(run.splits[split][row], shape.side_px) for row in rows])
    return normalised(torch.from_numpy(pictures), shape.preprocessing)


def _extract_features(
    run: CaptionerRun, split: str, pixels: Callable[[NDArray[Any], int], Tensor], *, renderings: int
) -> Features:
    vgg = run.captioner.vgg.eval()

    @torch.no_grad()
    def see(rows: NDArray[Any], rendering: int) -> Tensor:
        features: Tensor = vgg(pixels(rows, rendering))
        return features

    path = run.folder / f"features-{split}.npy"
    return features_of(len(run.splits[split]), vgg.dense, renderings, see, path)


def _train_captions(run: CaptionerRun, features: dict[str, Features]) -> None:
    train, val = (
        caption_set(features[split], run.captions(split), run.words, run.recipe.longest)
        for split in ("train", "val")
    )
    phase = CaptionPhase(run.captioner.merge, train, val, seed=run.recipe.seed)
    fit(phase, run.folder, epochs=run.recipe.epochs, rate=run.recipe.rate, patience=run.recipe.patience)


def _finish(run: CaptionerRun, features: Features) -> None:
    """Save, plot, score on the test split, and write the card."""
    from vlm.engine.selfcheck import built_in_picture

    captioner = run.captioner.eval()
    save(captioner, run.out)
    draw_curves(run.folder / LOG, run.out / "curves.svg")
    facts = CaptionerFacts(
        command=run.command,
        seed=run.recipe.seed,
        data=_data_summary(run.splits),
        knows=f"It knows the {len(run.words.known)} words of the captions that it was trained on.",
        expected_caption=captioner.captions(captioner.features([built_in_picture()]).half().float())[0],
        captions=_test_captions(captioner, features),
        references=run.captions("test"),
        epochs={
            phase: min(lines, key=lambda line: line["val_loss"])
            for phase, lines in read_log(run.folder / LOG).items()
        },
    )
    write_card(run.out, facts)


def _test_captions(captioner: Captioner, features: Features, batch: int = 128) -> list[str]:
    return [
        caption
        for start in range(0, len(features), batch)
        for caption in captioner.captions(torch.from_numpy(features[start : start + batch, 0]).float())
    ]


def _data_summary(splits: dict[str, list[CaptionedImage]]) -> str:
    counts = ", ".join(f"{len(images):,} {split}" for split, images in splits.items())
    captions = sum(len(example.captions) for example in splits["train"])
    return f"pictures: {counts}; {captions:,} captions in training"


def _command(data: Path, out: Path, recipe: Recipe, layout: str, weights: Path | None) -> str:
    """The command line that reproduces the run."""
    chosen = f"--width {recipe.width:g} --sight-epochs {recipe.sight_epochs}"
    seeing = chosen if weights is None else f"--weights {weights.name}"
    where = f"--data {data.name} --layout {layout} --out {out.name}"
    return f"vlm train classic {where} {seeing} --epochs {recipe.epochs} --seed {recipe.seed}"


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
