"""Examples of a run with their predictions and statistics: OUT/examples.jsonl."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct, field

from vlm.lab.evaluation.statistics import Statistics

NAME: Final = "examples.jsonl"


class Example(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One example.

    unit        what bootstrap resamples draw: a picture's id
    picture     its file, for the report; '' if there is none
    prompt      the question, the query or the text to translate (`asked` in the file)
    references  what people wrote or answered (`truths`)
    prediction  the model's text (`said`)
    score       for the order in the report: higher is better; `mark` is its text
    retrieved   for search: files of the retrieved pictures, best first (`found`)
    parts       its statistics for each score of the run
    """

    id: str
    unit: str
    picture: str = ""
    prompt: str = field(default="", name="asked")
    kind: str = ""
    references: tuple[str, ...] = field(default=(), name="truths")
    prediction: str = field(default="", name="said")
    score: float = 0.0
    mark: str = ""
    retrieved: tuple[str, ...] = field(default=(), name="found")
    parts: dict[str, Statistics] = {}


def write_examples(folder: Path, examples: Sequence[Example]) -> None:
    """Write the examples to the folder of a run."""
    (folder / NAME).write_bytes(b"".join(msgspec.json.encode(example) + b"\n" for example in examples))


def read_examples(folder: Path) -> list[Example]:
    """The examples of a finished run. Raises OSError and msgspec.DecodeError."""
    return [msgspec.json.decode(line, type=Example) for line in (folder / NAME).read_bytes().splitlines()]
