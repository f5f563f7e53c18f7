"""What was asked, what was said, and how well: one example of a run, as in OUT/examples.jsonl."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct, field

from vlm.lab.evaluation.statistics import Statistics

NAME: Final = "examples.jsonl"


class Example(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One example.

    unit     what is drawn anew when an interval is computed: a picture's id
    picture  its file, for the page; '' where there is none
    score    how good it is, for the page's order: higher is better; `mark` says it in words
    found    for search: files of the pictures that came up, best first
    parts    its share in each score of the run
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
    """Write them to the folder of a run."""
    (folder / NAME).write_bytes(b"".join(msgspec.json.encode(example) + b"\n" for example in examples))


def read_examples(folder: Path) -> list[Example]:
    """Those of a finished run. Raises what reading and decoding raise."""
    return [msgspec.json.decode(line, type=Example) for line in (folder / NAME).read_bytes().splitlines()]
