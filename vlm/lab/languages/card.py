"""The translator's card: card.json for programs, README.md for people."""

from pathlib import Path
from typing import Any

from vlm.lab.card import file_table, hashes, save_card, score_rows
from vlm.lab.languages.score import SEED, Scores
from vlm.lab.languages.tables import NAMES
from vlm.lab.languages.translator_model import INNER, LAYERS, WIDTH
from vlm.lab.vocabulary import NOUNS

KNOWS = (
    "This small translator knows only what the small model says and is asked: captions, questions, answers "
    f"and search queries about {len(NOUNS)} kinds of things. Other words pass through as they are."
)


def write_card(
    out: Path, pairs: int, *, seed: int, scale: float, scores: Scores, count: int, note: str = ""
) -> None:
    """Describe the checkpoint in `out`; `pairs` is what it has seen."""
    card = {
        "name": "afterimage-tiny-translator",
        "purpose": f"between English and {', '.join(list(NAMES.values())[1:])}",
        "knows": KNOWS,
        "command": f"vlm train translator OUT --seed {seed} --scale {scale:g}",
        "note": note,
        "seed": seed,
        "data": f"{pairs:,} pairs of sentences, made by vlm.lab.languages from the seed",
        "scores": scores,
        "scored": f"share of exact translations of {count} held-out lines of seed {SEED}",
        "sha256": hashes(out),
        "license": "MIT",
    }
    save_card(out, card, _page(card))


def _page(card: dict[str, Any]) -> str:
    return f"""# {card["name"]}

A tiny M2M100 {card["purpose"]}. {card["knows"]}

It is there to try and to test Afterimage's languages with no download; for everything else take
`facebook/m2m100_418M` (see docs/languages.md).

## How it was made

`{card["command"]}`: {card["data"]}; M2M100 {WIDTH} wide, {LAYERS} + {LAYERS} layers, {INNER} inside,
trained from nothing on one CPU core. Weights in float16. {card["note"]}

## Scores

{card["scored"].capitalize()}:

| | | score |
|---|---|---:|
{score_rows(card)}

## Files

{file_table(card)}

License: {card["license"]}.
"""
