"""The card of a trained checkpoint: card.json for programs, README.md for people.

A number stands with its seed, a weight with its hash.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vlm.lab.vocabulary import COLOUR_NAMES, NOUNS

LICENSE = "MIT; learned from Noto Color Emoji glyphs (SIL Open Font License 1.1)"
KNOWS = (
    f"This small model knows drawn pictures only: one to four things of {len(NOUNS)} kinds "
    f"on a background of one of {len(COLOUR_NAMES)} colours. Photographs are beyond it."
)
OWN = ("card.json", "README.md")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a run that made checkpoints."""

    seed: int
    scale: float
    pictures: int  # drawn for training
    expected_caption: str  # of the self-check's picture
    report: dict[str, Any]  # of the evaluation
    note: str = ""  # where a run was not quite what its command does


def write_cards(out: Path, facts: Facts) -> None:
    """Write the cards of both folders of `vlm train tiny`."""
    _write(out, "afterimage-tiny", "captions and answers", facts)
    _write(out / "itc", "afterimage-tiny-itc", "search, with pictures and words in one space", facts)


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of each file of a checkpoint folder, its cards left out."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name not in OWN)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _write(folder: Path, name: str, purpose: str, facts: Facts) -> None:
    card = {
        "name": name,
        "purpose": purpose,
        "knows": KNOWS,
        "expected_caption": facts.expected_caption,
        "command": f"vlm train tiny OUT --seed {facts.seed} --scale {facts.scale:g}",
        "note": facts.note,
        "seed": facts.seed,
        "data": f"{facts.pictures:,} pictures drawn by vlm.lab from the seed",
        "scores": facts.report["scores"],
        "scored": f"vlm evaluate --count {facts.report['scenes']} --seed {facts.report['seed']}",
        "sha256": hashes(folder),
        "license": LICENSE,
    }
    (folder / "card.json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n")
    (folder / "README.md").write_text(_page(card))


def _page(card: dict[str, Any]) -> str:
    scores = "\n".join(
        f"| {group} | {name} | {value:.3f} |"
        for group, values in card["scores"].items()
        for name, value in values.items()
    )
    files = "\n".join(f"| `{name}` | `{digest}` |" for name, digest in card["sha256"].items())
    return f"""# {card["name"]}

A small BLIP-2 for {card["purpose"]}. {card["knows"]}

- Things: {", ".join(kind.name for kind in NOUNS)}.
- Backgrounds: {", ".join(COLOUR_NAMES)}.
- Questions it understands: how many of a thing there are, whether something is there, the background's
  colour, how many things there are in all, and what is in the picture. Where things are, it does not know.
- Language: English.

It is there to try and to test Afterimage with no download, not to describe the world.

## How it was made

`{card["command"]}`: {card["data"]}; ViT 192 wide x 6 layers at 128 pixels, Q-Former 192 x 3 with 25 queries,
OPT 192 x 4, all trained from nothing on one CPU core. Weights in float16. {card["note"]}

## Scores

On scenes that it never saw, as JPEGs of 480 pixels and more, through Afterimage's engine
(`{card["scored"]}`):

| | | score |
|---|---|---:|
{scores}

## Files

| file | SHA-256 |
|---|---|
{files}

License: {card["license"]}.
"""
