"""OUT/report.html: the scores, and best, worst and random examples for people to look at.

One file without scripts that loads nothing from elsewhere. The templates escape everything that people or
models wrote.
"""

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from vlm.errors import AfterimageError
from vlm.images.opening import read_picture
from vlm.lab.evaluation.examples import Example
from vlm.lab.evaluation.results import EvaluationResult, format_score, heading, summary
from vlm.worker.decoder_pool import open_own_picture

NAME: Final = "report.html"
EACH: Final = 8  # best examples, and worst examples
AT_RANDOM: Final = 12
ALTERNATIVE: Final = ", as "  # marks the name of a score that is computed in another way as well
THUMBNAIL_PX: Final = 360
FOUND_PX: Final = 140
JPEG_QUALITY: Final = 78
MAX_REFERENCES: Final = 6

SECTIONS: Final = {
    "best": ("Best", "Where it did best."),
    "worst": ("Worst", "Where it did worst: the mistakes to know about, or truths to doubt."),
    "random": ("Drawn at random", "Neither the best nor the worst: what to expect."),
}
LEADS: Final = {
    "caption": "What the model said of each picture, and below it what people wrote.",
    "vqa": "What the model answered, and below it what people answered.",
    "retrieval": "For each picture the text that found it worst, and the three pictures that came up first.",
    "translate": "What the translator made of each text, and below it the true translation.",
}


def write_page(folder: Path, result: EvaluationResult, examples: Sequence[Example]) -> None:
    """Write the report of a run."""
    scores = result.scores.items()
    page = render(
        "report.html",
        title=heading(result),
        lead=summary(result),
        scores={name: format_score(value, name) for name, value in scores if ALTERNATIVE not in name},
        alternatives=[f"{name}: {format_score(value)}" for name, value in scores if ALTERNATIVE in name],
        notes=[*result.notes, f"Command: {result.command}"],
        failures=[f"{failure.id}: {failure.reason}" for failure in result.failures],
        sections=_sections(examples, result.header["task"]),
        found_px=FOUND_PX,
        max_references=MAX_REFERENCES,
    )
    (folder / NAME).write_text(page, encoding="utf-8")


def render(template: str, **values: Any) -> str:
    """A whole page from a template of the folder `templates`."""
    environment = Environment(
        loader=PackageLoader("vlm.lab.evaluation"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["thumbnail"] = thumbnail
    return environment.get_template(template).render(**values) + "\n"


def thumbnail(path: str, side_px: int = THUMBNAIL_PX) -> str:
    """The picture as a data URI, no side longer than `side_px`; '' if it cannot be read any more."""
    try:
        picture = open_own_picture(read_picture(Path(path)))
    except AfterimageError:
        return ""
    picture.thumbnail((side_px, side_px))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def choose_examples(examples: Sequence[Example]) -> dict[str, list[Example]]:
    """The examples to show: each once, ties in random order, the same selection on every call."""
    rng = np.random.default_rng(0)
    mixed = [examples[number] for number in rng.permutation(len(examples))]
    ranked = sorted(mixed, key=lambda example: example.score, reverse=True)
    each = min(EACH, len(ranked) // 3)
    best, worst = ranked[:each], ranked[len(ranked) - each :][::-1]
    taken = {example.id for example in (*best, *worst)}
    others = [example for example in mixed if example.id not in taken]
    return {"best": best, "worst": worst, "random": others[:AT_RANDOM]}


def _sections(examples: Sequence[Example], task: str) -> list[dict[str, Any]]:
    groups = choose_examples(examples)
    return [
        {"name": name, "title": title, "hint": f"{hint} {LEADS[task]}", "examples": groups[name]}
        for name, (title, hint) in SECTIONS.items()
        if groups[name]
    ]
