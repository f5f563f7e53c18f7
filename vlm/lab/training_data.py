"""Training batches: pictures, packed text, search queries, and the targets of the auxiliary heads.

    B batch, T packed text, Q grid cells (one for each query token), P patches, S search texts of length L

Batch n of a seed is always the same, so a stopped run can continue.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset
from transformers import PreTrainedTokenizerFast

from vlm.lab.dimensions import GRID, IMAGE_PX, PATCHES
from vlm.lab.drawing import draw
from vlm.lab.glyphs import Glyphs, training_glyphs
from vlm.lab.questions import draw_question
from vlm.lab.scene_queries import caption_query, matches, partial_query
from vlm.lab.scenes import STRANGE, Scene, dense_scene, scene
from vlm.lab.tokenizer import END, PAD, question_prompt
from vlm.lab.vocabulary import COLOUR_NAMES, MAX_THINGS, NOUNS

TEXT = 80  # tokens of packed text a picture
QUERY_TEXT = 32  # tokens of a search text
ANSWER_WEIGHT = 2.0
CAPTION_WEIGHT = 3.0
TURN_ODDS = (0.84, 0.12, 0.04)
NOTHING = STRANGE + 1  # class of an empty patch or cell
IGNORED = -100  # no target
DENSE_SHARE = 0.5  # of the pictures of the vision phase
SERIES_LENGTH = 1_000_000_000


@dataclass(frozen=True, slots=True)
class PackedText:
    """Packed text of a batch. A segment (caption, or question with answer) sees the picture and itself."""

    ids: Tensor  # [B, T]
    targets: Tensor  # [B, T] the token to be predicted here
    weights: Tensor  # [B, T] 0 where nothing is to be predicted
    segments: Tensor  # [B, T] 1, 2, ...; 0 is padding
    places: Tensor  # [B, T] index within the segment


@dataclass(frozen=True, slots=True)
class SearchTexts:
    """Search texts of a batch: captions of its first half, then partial queries of the other."""

    ids: Tensor  # [S, L]
    mask: Tensor  # [S, L]
    matches: Tensor  # [S, B] which query fits which picture


@dataclass(frozen=True, slots=True)
class BatchTexts:
    """Captions, questions and search queries about a batch's pictures."""

    text: PackedText
    search: SearchTexts


@dataclass(frozen=True, slots=True)
class HeadTargets:
    """Targets of the auxiliary heads for a batch."""

    patches: Tensor  # [B, P] noun, STRANGE or NOTHING
    cells: Tensor  # [B, Q] noun, STRANGE or NOTHING
    boxes: Tensor  # [B, Q, 3] offset in x and y, in cells, and size, of the thing centred in the cell
    ranks: Tensor  # [B, Q] which place its kind has in the caption, from 0, or IGNORED
    fellows: Tensor  # [B, Q] how many others of its kind there are, or IGNORED
    colours: Tensor  # [B] or IGNORED
    totals: Tensor  # [B] or IGNORED
    counts: Tensor  # [B, N] how many of each noun
    spots: Tensor  # [B, N, 2] where the noun is that is there once: x and y, -1 to 1


@dataclass(frozen=True, slots=True)
class SceneBatch:
    pixels: Tensor  # [B, 3, H, W] uint8
    targets: HeadTargets
    texts: BatchTexts | None  # None in the vision phase


class TextPacker:
    """Turns scenes into packed text. Caches the tokens of texts.

    `turn_odds[n]` is how often a question follows n earlier ones; a caption's tokens weigh `caption_weight`.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerFast,
        turn_odds: tuple[float, ...] = TURN_ODDS,
        caption_weight: float = 1.0,
    ) -> None:
        self._tokenizer, self._turn_odds, self._caption_weight = tokenizer, turn_odds, caption_weight
        self._known: dict[str, list[int]] = {}

    def tokens(self, text: str) -> list[int]:
        if text not in self._known:
            self._known[text] = self._tokenizer(text, split_special_tokens=True).input_ids
        return self._known[text]

    def search(self, scenes: list[Scene], rng: np.random.Generator) -> SearchTexts:
        half = len(scenes) // 2
        queries = [caption_query(s) for s in scenes[:half]] + [partial_query(s, rng) for s in scenes[half:]]
        ids, mask = pad_right([self.tokens(query.text)[:QUERY_TEXT] for query in queries])
        return SearchTexts(ids, mask, torch.from_numpy(matches(scenes, queries)))

    def pack(self, scenes: list[Scene], rng: np.random.Generator, length: int = TEXT) -> PackedText:
        rows = [self._row(drawn, rng, length) for drawn in scenes]
        columns = [torch.from_numpy(np.stack(column)) for column in zip(*rows, strict=True)]
        ids, targets, segments, places, weights = columns
        return PackedText(ids.long(), targets.long(), weights, segments.long(), places.long())

    def _row(self, drawn: Scene, rng: np.random.Generator, length: int) -> list[NDArray[np.float32]]:
        row = np.zeros((5, length), dtype=np.float32)  # ids, targets, segments, places, weights
        row[0] = PAD
        used = segment = 0
        prompt, answer, weight = [END], self.tokens(" " + drawn.caption)[1:], self._caption_weight
        while True:
            inputs = prompt + answer
            if used + len(inputs) > length:
                return list(row)
            segment += 1
            here = slice(used, used + len(inputs))
            row[0, here], row[1, here] = inputs, [*inputs[1:], END]
            row[2, here], row[3, here] = segment, range(len(inputs))
            row[4, used + len(prompt) - 1 : used + len(inputs)] = weight
            used += len(inputs)
            prompt, answer, weight = *self._asked(drawn, rng), ANSWER_WEIGHT

    def _asked(self, drawn: Scene, rng: np.random.Generator) -> tuple[list[int], list[int]]:
        turns = int(rng.choice(len(self._turn_odds), p=self._turn_odds))
        earlier = [draw_question(drawn, rng) for _ in range(turns)]
        queries = draw_question(drawn, rng)
        again = "and " if turns and rng.random() < 0.1 else ""
        prompt = question_prompt(again + queries.question, tuple((e.question, e.answer) for e in earlier))
        return self.tokens(prompt), self.tokens(" " + queries.answer)[1:]


class SceneBatches(Dataset[SceneBatch]):
    """Batch n of a seed's endless series. Before batch `talking_from` there are many things and no words."""

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerFast,
        *,
        seed: int,
        size: int,
        talking_from: int = 0,
        glyphs: Path | None = None,
    ) -> None:
        self._tokenizer, self._seed, self._size = tokenizer, seed, size
        self._talking_from, self._folder = talking_from, glyphs
        self._texts: TextPacker | None = None
        self._glyphs: Glyphs | None = None

    def __len__(self) -> int:
        return SERIES_LENGTH // self._size

    def scenes(self, number: int) -> list[Scene]:
        indices = range(number * self._size, (number + 1) * self._size)
        dense = round(DENSE_SHARE * self._size) if number < self._talking_from else 0
        return [
            dense_scene(self._seed, index) if i < dense else training_scene(self._seed, index)
            for i, index in enumerate(indices)
        ]

    def __getitem__(self, number: int) -> SceneBatch:
        self._texts = self._texts or TextPacker(
            self._tokenizer, caption_weight=CAPTION_WEIGHT
        )  # made in the loader's own process
        self._glyphs = self._glyphs or training_glyphs(self._folder)
        rng = np.random.default_rng((self._seed, number, 1))
        scenes = self.scenes(number)
        search = self._texts.search(scenes, rng) if number >= self._talking_from else None
        return SceneBatch(
            pixels=torch.from_numpy(np.stack([render(s, self._glyphs, rng) for s in scenes])),
            targets=head_targets(scenes),
            texts=BatchTexts(self._texts.pack(scenes, rng), search) if search else None,
        )


def training_scene(series: int, index: int) -> Scene:
    """A scene for training, with more small things than scored scenes: users' pictures may have them."""
    return scene(series, index, distant=0.25, taught=True)


def render(drawn: Scene, glyphs: Glyphs, rng: np.random.Generator) -> NDArray[np.uint8]:
    """[3, H, W] at the model's size: mostly drawn squashed, sometimes drawn larger and then resized."""
    if rng.random() < 0.8:
        picture = draw(drawn, glyphs, IMAGE_PX, IMAGE_PX)
    else:
        side = int(rng.integers(180, 320))
        width_px, height_px = (int(side * extent) for extent in drawn.extent)
        picture = draw(drawn, glyphs, width_px, height_px)
        picture = picture.resize((IMAGE_PX, IMAGE_PX), Image.Resampling.BICUBIC)
    return np.asarray(picture).transpose(2, 0, 1)


def pad_right(rows: list[list[int]], length: int = QUERY_TEXT) -> tuple[Tensor, Tensor]:
    """ids [S, L] and mask [S, L]."""
    ids = torch.full((len(rows), length), PAD)
    for row, tokens in zip(ids, rows, strict=True):
        row[: len(tokens)] = torch.tensor(tokens)
    mask = torch.arange(length) < torch.tensor([len(tokens) for tokens in rows])[:, None]
    return ids, mask


def head_targets(scenes: list[Scene]) -> HeadTargets:
    """Targets of the auxiliary heads for some scenes."""
    placed = [scene_targets(drawn) for drawn in scenes]
    patches, cells, boxes = (torch.from_numpy(np.stack(part)) for part in zip(*placed, strict=True))
    texts = [caption_order(drawn, row) for drawn, row in zip(scenes, cells.numpy(), strict=True)]
    ranks, fellows = (torch.from_numpy(np.stack(part)) for part in zip(*texts, strict=True))
    return HeadTargets(
        patches=patches,
        cells=cells,
        boxes=boxes,
        ranks=ranks,
        fellows=fellows,
        colours=torch.tensor([COLOUR_NAMES.index(s.colour) if s.colour else IGNORED for s in scenes]),
        totals=torch.tensor([min(len(s.things), MAX_THINGS + 1) for s in scenes]),
        **noun_targets(scenes),
    )


def noun_targets(scenes: list[Scene]) -> dict[str, Tensor]:
    """For each noun of the vocabulary: counts [B, N] and spots [B, N, 2]."""
    counts = torch.zeros(len(scenes), len(NOUNS), dtype=torch.long)
    spots = torch.zeros(len(scenes), len(NOUNS), 2)
    for row, drawn in enumerate(scenes):
        width, height = drawn.extent
        for thing in drawn.things:
            if thing.noun != STRANGE:
                counts[row, thing.noun] += 1
                spots[row, thing.noun] = torch.tensor((2 * thing.x / width - 1, 2 * thing.y / height - 1))
    return {"counts": counts, "spots": spots}


def scene_targets(drawn: Scene) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Targets of one scene: patches [P], cells [Q], boxes [Q, 3]."""
    width, height = drawn.extent
    behind = NOTHING if drawn.colour else STRANGE  # clutter is something, too
    patches = np.full((PATCHES, PATCHES), behind, dtype=np.int64)
    nearest = np.full((PATCHES, PATCHES), 0.85)  # of the thing's half size
    cells = np.full(GRID * GRID, behind if not drawn.things else NOTHING, dtype=np.int64)
    boxes = np.zeros((GRID * GRID, 3), dtype=np.float32)
    middles = (np.arange(PATCHES) + 0.5) / PATCHES
    for thing in sorted(drawn.things, key=lambda thing: thing.size):  # of two in a cell, the larger
        x, y = thing.x / width, thing.y / height
        away = np.hypot((middles[None, :] - x) * width, (middles[:, None] - y) * height) / (thing.size / 2)
        closer = away < nearest
        patches[closer], nearest[closer] = thing.noun, away[closer]
        row, column = (min(PATCHES - 1, max(0, int(value * PATCHES))) for value in (y, x))
        patches[row, column], nearest[row, column] = thing.noun, 0.0
        row, column = (min(GRID - 1, max(0, int(value * GRID))) for value in (y, x))
        cell = row * GRID + column
        cells[cell] = thing.noun
        boxes[cell] = (x * GRID - column - 0.5, y * GRID - row - 0.5, thing.size)
    return patches.reshape(-1), cells, boxes


def caption_order(drawn: Scene, cells: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of each cell [Q] the rank of its thing's kind in the caption, and how many others of it there are.

    IGNORED where the cell is empty, and all over a picture of more things than a caption tells.
    """
    ranks, fellows = (np.full(len(cells), IGNORED) for _ in range(2))
    if 0 < len(drawn.things) <= MAX_THINGS:
        counts = {**drawn.counts, STRANGE: drawn.unknown}
        order = [noun for noun, count in counts.items() if count]
        for cell in np.flatnonzero(cells != NOTHING):
            noun = int(cells[cell])
            ranks[cell], fellows[cell] = order.index(noun), counts[noun] - 1
    return ranks, fellows
