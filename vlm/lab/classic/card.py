"""The card of a trained captioner: card.json for programs, README.md for people."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vlm.lab.card import file_table, hashes, save_card, score_rows
from vlm.lab.scores.bleu import bleu, tutorial_bleu

OWN = ("model.safetensors", "config.json", "vocabulary.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionerFacts:
    """What the card says about a training run."""

    command: str
    seed: int
    data: str  # how many pictures and captions, of what
    knows: str
    expected_caption: str  # of the self-check's picture
    captions: list[str]  # said of the test split
    references: list[tuple[str, ...]]
    epochs: dict[str, dict[str, Any]]  # the best epoch of each phase, as logged


def write_card(folder: Path, facts: CaptionerFacts) -> None:
    """Score the captions and write both files. Raises BadRequest where sacrebleu is missing."""
    true = bleu(facts.captions, facts.references)
    tutorial = tutorial_bleu(facts.captions, facts.references)
    card = {
        "name": "afterimage-classic",
        "purpose": "captions, by VGG16 and an LSTM",
        "knows": facts.knows,
        "expected_caption": facts.expected_caption,
        "command": facts.command,
        "seed": facts.seed,
        "data": facts.data,
        "scores": {
            "test": {f"BLEU-{order}": round(value, 4) for order, value in enumerate(true.scores, 1)},
            "test, as tutorials count": {
                f"BLEU-{order}": round(value, 4) for order, value in enumerate(tutorial.scores, 1)
            },
        },
        "signature": true.signature,
        "epochs": facts.epochs,
        "sha256": {name: digest for name, digest in hashes(folder).items() if name in OWN},
    }
    save_card(folder, card, _page(card))


def _page(card: dict[str, Any]) -> str:
    return f"""# {card["name"]}

Captions by VGG16 features and an LSTM, merged. {card["knows"]} It answers no questions and finds no pictures.

Made by `{card["command"]}` from {card["data"]}. Loss and accuracy of each epoch: `curves.svg`.

## Scores

| split | | score |
|---|---|---:|
{score_rows(card)}

sacrebleu: `{card["signature"]}`. The tutorials' figures are higher by construction (start and end count as
words, the weights of BLEU-3 sum to .9) and are comparable with theirs only.

## Files

{file_table(card)}
"""
