"""The card of a trained checkpoint: card.json for programs, README.md for people.

Scores are given with their seed, weights with their hashes.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vlm.lab.dimensions import IMAGE_PX, LANGUAGE_LAYERS, QFORMER_LAYERS, QUERIES, VISION_LAYERS, WIDTH
from vlm.lab.scenes import WHOLE
from vlm.lab.vocabulary import COLOUR_NAMES, NOUNS

LICENSE = "MIT; learned from Noto Color Emoji glyphs (SIL Open Font License 1.1)"
OTHER_GLYPHS = (
    "; also from older Noto glyphs (Apache License 2.0) and "
    "Twemoji (copyright Twitter, Inc and other contributors, CC-BY 4.0)"
)
KNOWS = (
    f"This small model knows drawn pictures only: up to five things of {len(NOUNS)} kinds "
    f"on a background of one of {len(COLOUR_NAMES)} colours. Photographs are beyond it."
)
OWN = ("card.json", "README.md")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingFacts:
    """What the cards say about a training run."""

    seed: int
    scale: float
    pictures: int  # drawn for training
    expected_caption: str  # of the self-check's picture
    report: dict[str, Any]  # of the evaluation
    glyph_sets: tuple[str, ...] = ()  # beside the font
    note: str = ""  # differences between the run and its command


def write_cards(out: Path, facts: TrainingFacts) -> None:
    """Write the cards of both folders that `vlm train tiny` leaves."""
    _write(out, "afterimage-tiny", "captions and answers", facts)
    _write(out / "itc", "afterimage-tiny-itc", "search, with pictures and words in one space", facts)


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of each file of a checkpoint folder, its cards left out."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name not in OWN)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _write(folder: Path, name: str, purpose: str, facts: TrainingFacts) -> None:
    glyphs = " --glyphs DIR" if facts.glyph_sets else ""
    card = {
        "name": name,
        "purpose": purpose,
        "knows": KNOWS,
        "expected_caption": facts.expected_caption,
        "command": f"vlm train tiny OUT --seed {facts.seed} --scale {facts.scale:g}{glyphs}",
        "note": facts.note,
        "seed": facts.seed,
        "data": f"{facts.pictures:,} pictures drawn by vlm.lab from the seed",
        "world": asdict(WHOLE),
        "glyphs": ["Noto Color Emoji (font)", *facts.glyph_sets],
        "scores": facts.report["scores"],
        "scored": f"vlm evaluate scenes --count {facts.report['scenes']} --seed {facts.report['seed']}",
        "sha256": hashes(folder),
        "translator": "tiny",
        "license": LICENSE + (OTHER_GLYPHS if facts.glyph_sets else ""),
    }
    save_card(folder, card, _page(card))


def save_card(folder: Path, card: dict[str, Any], page: str) -> None:
    """Write card.json and README.md, in UTF-8."""
    (folder / "card.json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(page, encoding="utf-8")


def score_rows(card: dict[str, Any]) -> str:
    """The rows of a Markdown table of a card's scores."""
    return "\n".join(
        f"| {group} | {name} | {value:.3f} |"
        for group, values in card["scores"].items()
        for name, value in values.items()
    )


def file_table(card: dict[str, Any]) -> str:
    """A Markdown table of a checkpoint's files."""
    rows = "\n".join(f"| `{name}` | `{digest}` |" for name, digest in card["sha256"].items())
    return f"| file | SHA-256 |\n|---|---|\n{rows}"


def _page(card: dict[str, Any]) -> str:
    return f"""# {card["name"]}

A small BLIP-2 for {card["purpose"]}. {card["knows"]}

- Things: {", ".join(kind.name for kind in NOUNS)}.
- Backgrounds: {", ".join(COLOUR_NAMES)}.
- Other things it calls "something I don't know".
- Questions it understands: how many of a thing there are, whether something is there, the background's
  colour, how many things there are in all, what is in the picture, where a thing is, whether it is left of,
  right of, above or below another one, and what is there.
- Language: English.

It is there to try and to test Afterimage with no download, not to describe the world.

## How it was made

`{card["command"]}`: {card["data"]}; ViT {WIDTH} wide x {VISION_LAYERS} layers at {IMAGE_PX} pixels,
Q-Former {WIDTH} x {QFORMER_LAYERS} with {QUERIES} queries, OPT {WIDTH} x {LANGUAGE_LAYERS},
all trained from nothing on a CPU. Weights in float16. {card["note"]}

## Scores

On scenes that it never saw, as JPEGs of 480 pixels and more, through Afterimage's engine
(`{card["scored"]}`):

| | | score |
|---|---|---:|
{score_rows(card)}

## Files

{file_table(card)}

License: {card["license"]}.
"""
