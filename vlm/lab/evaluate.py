"""Scores of a checkpoint on drawn scenes that no training ever saw, through the engine that serves users."""

import io
import json
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vlm.engine.base import Encoded, Engine, Prompt
from vlm.engine.load import EngineOptions, load
from vlm.engine.selfcheck import built_in_picture
from vlm.lab.drawing import draw
from vlm.lab.glyphs import Glyphs
from vlm.lab.metrics import answer_score, caption_scores, recall_at
from vlm.lab.queries import Query, caption_query, matches, partial_query
from vlm.lab.questions import KINDS, exchange
from vlm.lab.scenes import Scene, held_out_series, scene
from vlm.protocol import Turn

BATCH = 25
SHORT_SIDE_PX = 480
JPEG_QUALITY = 88
FOLLOW_UP = "count after turns"

Scores = dict[str, dict[str, float]]


def evaluate_tiny(
    model: str, *, count: int = 1000, seed: int = 0, quant: str = "none", out: Path | None = None
) -> dict[str, Any]:
    """Caption, question and search `count` held-out scenes, print a table, and write `out` as JSON.

    `model` is anything the engine loads: tiny, or a folder. The pictures are JPEGs of 480 pixels and more.
    """
    begun = time.monotonic()
    engine = load(EngineOptions(model=model, quant="int8" if quant == "int8" else "none"))
    series = held_out_series(seed)
    scores = score(engine, [scene(series, index) for index in range(count)])
    far = [scene(series, count + index, distant=1.0) for index in range(max(1, count // 4))]
    scores["caption, small things"] = _caption_scores(engine, far, look(engine, far))
    report = {
        "model": engine.info.name,
        "revision": engine.info.revision,
        "scenes": count,
        "seed": seed,
        "quant": quant,
        "seconds": round(time.monotonic() - begun, 1),
        "scores": scores,
    }
    sys.stdout.write(table(report))
    if out is not None:
        out.write_text(json.dumps(report, indent=1) + "\n")
    return report


def caption_of_check(model: str) -> str:
    """What a checkpoint says about the self-check's picture."""
    engine = load(EngineOptions(model=model, quant="none"))
    [seen] = engine.encode([built_in_picture()])
    [caption] = engine.generate([seen.tokens], [Prompt()])
    return caption


def score(engine: Engine, scenes: Sequence[Scene]) -> Scores:
    """All scores of an engine: captions, answers by kind of question, search."""
    encoded = look(engine, scenes)
    answers = {kind: _answers(engine, encoded, scenes, kind, turns=0) for kind in KINDS}
    answers[FOLLOW_UP] = _answers(engine, encoded, scenes, "count", turns=2)
    return {
        "caption": _caption_scores(engine, scenes, encoded),
        "answer": answers,
        "search": _search_scores(engine, encoded, scenes),
    }


def look(engine: Engine, scenes: Sequence[Scene]) -> list[Encoded]:
    """What the engine keeps of the scenes' pictures."""
    shown = pictures(scenes)
    encoded: list[Encoded] = []
    while some := list(islice(shown, BATCH)):
        encoded += engine.encode(some)
    return encoded


def pictures(scenes: Sequence[Scene]) -> Iterator[Image.Image]:
    """The scenes as photographs that were sent as JPEG."""
    glyphs = Glyphs()
    for drawn in scenes:
        width_px, height_px = (round(SHORT_SIDE_PX * extent) for extent in drawn.extent)
        buffer = io.BytesIO()
        draw(drawn, glyphs, width_px, height_px).save(buffer, "JPEG", quality=JPEG_QUALITY)
        yield Image.open(buffer).convert("RGB")


def _say(engine: Engine, encoded: Sequence[Encoded], prompts: Sequence[Prompt]) -> list[str]:
    texts: list[str] = []
    for start in range(0, len(encoded), BATCH):
        some = slice(start, start + BATCH)
        texts += engine.generate([each.tokens for each in encoded[some]], prompts[some])
    return texts


def _caption_scores(engine: Engine, scenes: Sequence[Scene], encoded: Sequence[Encoded]) -> dict[str, float]:
    return caption_scores(scenes, _say(engine, encoded, [Prompt() for _ in scenes]))


def _answers(
    engine: Engine, encoded: Sequence[Encoded], scenes: Sequence[Scene], kind: str, turns: int
) -> float:
    """Share of right answers to one question a scene, after some earlier ones."""
    prompts, truths = [], []
    for number, drawn in enumerate(scenes):
        rng = np.random.default_rng((number, KINDS.index(kind), turns))
        earlier = [exchange(drawn, rng) for _ in range(turns)]
        asked = exchange(drawn, rng, kind)
        said = tuple(Turn(question=e.question, answer=e.answer) for e in earlier)
        prompts.append(Prompt(question=asked.question, turns=said))
        truths.append(asked.answer)
    return answer_score(truths, _say(engine, encoded, prompts))


def _search_scores(engine: Engine, encoded: Sequence[Encoded], scenes: Sequence[Scene]) -> dict[str, float]:
    """Recall among all the pictures, for whole captions and for queries as people type them."""
    vectors = [each.vectors for each in encoded if each.vectors is not None]
    if not vectors:
        return {}
    found = np.stack(vectors).astype(np.float32)  # [N, Q, E]
    rng = np.random.default_rng(0)
    captions = [caption_query(drawn) for drawn in scenes]
    partial = [partial_query(drawn, rng) for drawn in scenes]
    return {
        **_recalls(engine, found, scenes, captions, "caption"),
        **_recalls(engine, found, scenes, partial, "query"),
    }


def _recalls(
    engine: Engine,
    found: NDArray[np.float32],
    scenes: Sequence[Scene],
    queries: Sequence[Query],
    name: str,
) -> dict[str, float]:
    asked = engine.embed_text([query.text for query in queries])  # [S, E]
    similarities = np.stack([(found @ vector).max(axis=1) for vector in asked])  # [S, N]
    right = matches(list(scenes), list(queries))
    return {f"{name} R@{k}": recall_at(similarities, right, k) for k in (1, 10)}


def table(report: dict[str, Any]) -> str:
    """The report as Markdown."""
    lines = [
        f"{report['model']}, quant {report['quant']}: {report['scenes']} scenes, seed {report['seed']}",
        "",
        "| | | score |",
        "|---|---|---:|",
    ]
    for group, scores in report["scores"].items():
        lines += [f"| {group} | {name} | {value:.3f} |" for name, value in scores.items()]
    return "\n".join(lines) + "\n"
