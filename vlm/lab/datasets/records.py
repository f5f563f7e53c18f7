"""The records of a data set, independent of its layout."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionedImage:
    """One picture and its captions.

    `split` is train, val or test, or empty where the layout has none.
    """

    id: str
    image: Path
    captions: tuple[str, ...] = ()
    split: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageQuestion:
    """One question about a picture, with all answers: VQAv2 has ten.

    `kind` is VQAv2's answer type (yes/no, number, other), or whatever a JSONL file says.
    """

    id: str
    image: Path
    question: str
    answers: tuple[str, ...]
    kind: str = ""
