"""Scores of a checkpoint on drawn scenes that no training ever saw, through the engine that serves users."""

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
from vlm.lab.alt_glyphs import scenes_by_hand
from vlm.lab.evaluation.examples import Example, write_examples
from vlm.lab.evaluation.parts import totals
from vlm.lab.evaluation.progress import Progress
from vlm.lab.evaluation.results import Result, write_result
from vlm.lab.glyphs import Folder, Glyphs
from vlm.lab.questions import KINDS
from vlm.lab.scene_eval import Examination, Row, Tell, steps
from vlm.lab.scenes import Scene, World, held_out_series, scene
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

    `model` is anything the engine loads: tiny, or a folder; its card says of which world the scenes are. The
    pictures are JPEGs of 480 pixels and more, drawn with the PNGs of the folder `glyphs` if one is named.
    The folder `out` gets result.json, result.md and examples.jsonl, which `vlm compare` reads; `command` is
    what was typed to have them.
    """
    begun_s = time.monotonic()
    engine = load(EngineOptions(model=model, quant="int8" if quant == "int8" else "none"))
    hand = Glyphs((Folder(glyphs),)) if glyphs else Glyphs()
    series = held_out_series(seed)
    world = world_of(_folder(model))
    scenes = [*islice(scenes_by_hand(series, hand, world), count)]
    small = range(count, count + max(1, count // 4))
    far = [] if glyphs else [scene(series, index, distant=1.0, world=world) for index in small]
    progress = Progress(total=count * steps() + 2 * len(far), done=0, unit="looks and words")
    try:
        rows, scores = examined(engine, scenes, model=model, glyphs=hand, tell=progress.add)
        if far:
            rows_far = Examination(engine, far, hand, progress.add).caption_rows()
            scores[SMALL_THINGS] = nested(totals(rows_far))["caption"]
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


def world_of(folder: Path) -> World:
    """What the checkpoint in a folder was made for, by its card; all there is, if it does not say."""
    card = folder / CARD
    told = json.loads(card.read_bytes()).get("world", {}) if card.is_file() else {}
    return World(**told)


def caption_of_check(model: str) -> str:
    """What a checkpoint says about the self-check's picture."""
    engine = load(EngineOptions(model=model, quant="none"))
    [seen] = engine.encode([built_in_picture()])
    [caption] = engine.generate([seen.tokens], [Prompt()])
    return caption


def score(engine: Engine, scenes: Sequence[Scene]) -> Scores:
    """All scores of an engine that has no folder: captions, answers by kind of question, search."""
    return examined(engine, scenes)[1]


def examined(
    engine: Engine,
    scenes: Sequence[Scene],
    *,
    model: str = "",
    glyphs: Glyphs | None = None,
    tell: Tell = lambda count: None,
) -> tuple[list[Row], Scores]:
    """What each scene adds to each score, and the scores. `model` is where the search's cut-off lies."""
    asked = Examination(engine, scenes, glyphs or Glyphs(), tell)
    kinds = [asked.answer_rows(kind) for kind in KINDS] + [asked.answer_rows("count", turns=2)]
    columns = [asked.caption_rows(), *kinds, asked.search_rows(), asked.language_rows()]
    rows = [dict(ChainMap(*reversed(several))) for several in zip(*columns, strict=True)]
    scores = nested(totals(rows))
    reference_set = load_reference_set(_folder(model), engine.info.revision) if model else None
    if absent := asked.absent(reference_set, min(ABSENT_QUERIES, len(scenes))):
        scores[ABSENT] = {"present found": absent.found, "absent answered by nothing": absent.nothing}
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
    out: Path, report: dict[str, Any], scenes: Sequence[Scene], rows: Sequence[Row], command: str
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    pinned = {name: report[name] for name in ("seed", "scenes", "glyphs") if name in report}
    digest = sha256(repr([(one.caption, one.things) for one in scenes]).encode()).hexdigest()[:16]
    result = Result(
        command=command,
        header={
            "task": "scenes",
            "model": {"name": report["model"], "revision": report["revision"], "quant": report["quant"]},
            "data": {"name": f"scenes of seed {report['seed']}", **pinned, "fingerprint": digest},
        },
        scores={
            f"{group}: {name}": value
            for group, some in report["scores"].items()
            for name, value in some.items()
        },
        examples=len(scenes),
        seconds=report["seconds"],
    )
    examples = [
        Example(id=str(number), unit=str(number), truths=(one.caption,), parts=row)
        for number, (one, row) in enumerate(zip(scenes, rows, strict=True))
    ]
    write_examples(out, examples)
    write_result(out, result)
