"""Data that the shipped model gets right, engines with one defect each, and evaluation runs."""

import json
from collections.abc import Sequence
from pathlib import Path
from shutil import copy
from typing import Any

from PIL import Image

from support.paths import ROOT
from vlm.engine.base import Encoded, Engine, Prompt, QueryTokens, Vectors
from vlm.engine.echo import EchoEngine
from vlm.errors import Unsupported
from vlm.lab.evaluation.items import EvaluationData, pictures_data, questions_data
from vlm.lab.evaluation.results import EvaluationResult
from vlm.lab.evaluation.run import EvaluationPlan, evaluate

SAMPLES = ROOT / "vlm" / "assets" / "samples"
MODEL = {"name": "some model", "revision": "1"}


class CaptionsOnly(EchoEngine):
    """Like the classic captioner: no questions, no search."""

    def generate(self, tokens: Sequence[QueryTokens], prompts: Sequence[Prompt]) -> list[str]:
        if any(prompt.question for prompt in prompts):
            raise Unsupported("It answers no questions.")
        return super().generate(tokens, prompts)

    def embed_text(self, queries: Sequence[str]) -> Vectors:
        raise Unsupported("It cannot search.")


class Silent(EchoEngine):
    """Returns empty texts."""

    def generate(self, tokens: Sequence[QueryTokens], prompts: Sequence[Prompt]) -> list[str]:
        return ["" for _ in prompts]


class Watched(EchoEngine):
    """Counts the pictures that it encodes."""

    looked = 0

    def encode(self, images: Sequence[Image.Image]) -> list[Encoded]:
        self.looked += len(images)
        return super().encode(images)


def samples(folder: Path) -> Path:
    """The pictures that ship along, each with its true caption beside it."""
    for sample in json.loads((SAMPLES / "samples.json").read_text()):
        copy(SAMPLES / sample["file"], folder)
        (folder / sample["file"]).with_suffix(".txt").write_text(f"{sample['caption']}\n")
    return folder


def colours(folder: Path, names: Sequence[str] = ("red", "green", "blue", "white", "black", "gray")) -> Path:
    """Pictures of one colour, with the caption of the echo engine."""
    folder.mkdir(exist_ok=True)
    for name in names:
        Image.new("RGB", (64, 48), {"green": "lime"}.get(name, name)).save(folder / f"{name}.png")
        (folder / f"{name}.txt").write_text(f"a {name} picture of 64 by 48\n")
    return folder


def question_data(folder: Path, lines: Sequence[dict[str, Any]]) -> EvaluationData:
    """Questions about the pictures of a folder."""
    (folder / "questions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return questions_data(folder, split="val", limit=None, seed=0)


def caption_data(folder: Path, *, limit: int | None = None, seed: int = 0) -> EvaluationData:
    return pictures_data(folder, layout="sidecars", split="test", limit=limit, seed=seed)


def evaluated(engine: Engine, task: str, data: EvaluationData, out: Path, **options: Any) -> EvaluationResult:
    """One run, with the batch small enough to need several."""
    plan = EvaluationPlan(
        task=task,
        model=options.pop("model", MODEL),
        data=data,
        out=out,
        command="vlm",
        **{"batch": 4} | options,
    )
    return evaluate(engine, plan)
