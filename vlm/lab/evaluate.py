"""Scores of a checkpoint on held-out drawn scenes, through the engine that serves users."""

import json
import sys
import time
from collections import ChainMap
from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from vlm.engine.base import Engine, EngineOptions, Prompt
from vlm.engine.load import load
from vlm.engine.selfcheck import built_in_picture
from vlm.engine.source import find_checkpoint
from vlm.errors import ModelNotFound
from vlm.lab.alt_glyphs import drawable_scenes
from vlm.lab.evaluation.examples import Example, write_examples
from vlm.lab.evaluation.progress import ProgressReporter
from vlm.lab.evaluation.results import EvaluationResult, write_result
from vlm.lab.evaluation.statistics import corpus_scores
from vlm.lab.glyphs import GlyphFolder, Glyphs
from vlm.lab.questions import KINDS
from vlm.lab.scene_eval import OnProgress, SceneEvaluation, SceneStatistics, steps
from vlm.lab.scenes import Scene, WorldConfig, held_out_series, scene
from vlm.search.calibration import load_reference_set

SMALL_THINGS = "caption, small things"
ABSENT = "present and absent queries"
ABSENT_QUERIES = 500
CARD = "card.json"

Scores = dict[str, dict[str, float]]


def evaluate_tiny(
    model: str,
    *,
    count: int = 1000,
    seed: int = 0,
    quant: str = "none",
    glyphs: Path | None = None,
    out: Path | None = None,
    command: str = "",
) -> dict[str, Any]:
    """Caption, question and search `count` held-out scenes, and print a table.

    `model` is anything the engine loads: tiny, or a folder; its card sets the world of the scenes. The
    pictures are JPEGs of 480 pixels and more, drawn with the PNGs of the folder `glyphs` if given. The folder
    `out` gets result.json, result.md and examples.jsonl, which `vlm compare` reads; `command` is the command
    line that the result names.
    """
    begun_s = time.monotonic()
    engine = load(EngineOptions(model=model, quant="int8" if quant == "int8" else "none"))
    glyph_set = Glyphs((GlyphFolder(glyphs),)) if glyphs else Glyphs()
    series = held_out_series(seed)
    world = world_of(_folder(model))
    scenes = [*islice(drawable_scenes(series, glyph_set, world), count)]
    distant_indices = range(count, count + max(1, count // 4))
    distant_scenes = (
        [] if glyphs else [scene(series, index, distant=1.0, world=world) for index in distant_indices]
    )
    progress = ProgressReporter(
        total=count * steps() + 2 * len(distant_scenes), done=0, unit="looks and words"
    )
    try:
        rows, scores = evaluate_scenes(
            engine, scenes, model=model, glyphs=glyph_set, on_progress=progress.add
        )
        if distant_scenes:
            distant_rows = SceneEvaluation(engine, distant_scenes, glyph_set, progress.add).caption_rows()
            scores[SMALL_THINGS] = nested(corpus_scores(distant_rows))["caption"]
    finally:
        progress.close()
    report = {
        "model": engine.info.name,
        "revision": engine.info.revision,
        "scenes": count,
        "seed": seed,
        "quant": quant,
        **({"glyphs": glyphs.resolve().name} if glyphs else {}),
        "seconds": round(time.monotonic() - begun_s, 1),
        "scores": scores,
    }
    sys.stdout.write(table(report))
    if out is not None:
        _write(out, report, scenes, rows, command)
    return report


def world_of(folder: Path) -> WorldConfig:
    """The world of a checkpoint by its card; the whole world if the card names none."""
    card = folder / CARD
    world = json.loads(card.read_bytes()).get("world", {}) if card.is_file() else {}
    return WorldConfig(**world)


def caption_of_check(model: str) -> str:
    """A checkpoint's caption of the self-check's picture."""
    engine = load(EngineOptions(model=model, quant="none"))
    [encoded] = engine.encode([built_in_picture()])
    [caption] = engine.generate([encoded.tokens], [Prompt()])
    return caption


def score_engine(engine: Engine, scenes: Sequence[Scene]) -> Scores:
    """All scores of an engine without a folder: captions, answers by kind of question, search."""
    return evaluate_scenes(engine, scenes)[1]


def evaluate_scenes(
    engine: Engine,
    scenes: Sequence[Scene],
    *,
    model: str = "",
    glyphs: Glyphs | None = None,
    on_progress: OnProgress = lambda count: None,
) -> tuple[list[SceneStatistics], Scores]:
    """Statistics of each scene, and the scores. The folder of `model` holds the search's cut-off."""
    evaluation = SceneEvaluation(engine, scenes, glyphs or Glyphs(), on_progress)
    kinds = [evaluation.answer_rows(kind) for kind in KINDS] + [evaluation.answer_rows("count", turns=2)]
    columns = [evaluation.caption_rows(), *kinds, evaluation.search_rows(), evaluation.language_rows()]
    rows = [dict(ChainMap(*reversed(several))) for several in zip(*columns, strict=True)]
    scores = nested(corpus_scores(rows))
    reference_set = load_reference_set(_folder(model), engine.info.revision) if model else None
    if no_match := evaluation.no_match(reference_set, min(ABSENT_QUERIES, len(scenes))):
        scores[ABSENT] = {
            "present found": no_match.hit_rate,
            "absent answered by nothing": no_match.rejection,
        }
    return rows, scores


def nested(scores: Mapping[str, float]) -> Scores:
    """{'caption: set': .9} as {'caption': {'set': .9}}."""
    groups: Scores = {}
    for name, value in scores.items():
        group, _, own = name.partition(": ")
        groups.setdefault(group, {})[own] = value
    return groups


def table(report: dict[str, Any]) -> str:
    """The report as Markdown."""
    drawn = f"seed {report['seed']}" + (f", drawn with {report['glyphs']}" if "glyphs" in report else "")
    lines = [
        f"{report['model']}, quant {report['quant']}: {report['scenes']} scenes, {drawn}",
        "",
        "| | | score |",
        "|---|---|---:|",
    ]
    for group, scores in report["scores"].items():
        lines += [f"| {group} | {name} | {value:.3f} |" for name, value in scores.items()]
    return "\n".join(lines) + "\n"


def _folder(model: str) -> Path:
    try:
        return find_checkpoint(model).folder
    except ModelNotFound:  # an engine without one
        return Path()


def _write(
    out: Path, report: dict[str, Any], scenes: Sequence[Scene], rows: Sequence[SceneStatistics], command: str
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    pinned = {name: report[name] for name in ("seed", "scenes", "glyphs") if name in report}
    digest = sha256(repr([(scene.caption, scene.things) for scene in scenes]).encode()).hexdigest()[:16]
    result = EvaluationResult(
        command=command,
        header={
            "task": "scenes",
            "model": {"name": report["model"], "revision": report["revision"], "quant": report["quant"]},
            "data": {"name": f"scenes of seed {report['seed']}", **pinned, "fingerprint": digest},
        },
        scores={
            f"{group}: {name}": value
            for group, scores in report["scores"].items()
            for name, value in scores.items()
        },
        examples=len(scenes),
        seconds=report["seconds"],
    )
    examples = [
        Example(id=str(number), unit=str(number), references=(scene.caption,), parts=row)
        for number, (scene, row) in enumerate(zip(scenes, rows, strict=True))
    ]
    write_examples(out, examples)
    write_result(out, result)
