"""The card that stands beside a checkpoint."""

import hashlib
import json
from pathlib import Path

from vlm.lab.card import TrainingFacts, hashes, write_cards

REPORT = {"scenes": 10, "seed": 0, "scores": {"caption": {"set": 0.948}, "answer": {"count": 0.93}}}
FACTS = TrainingFacts(seed=4, scale=0.5, pictures=12_000, expected_caption="a cat", report=REPORT)


def test_a_card_names_command_scores_and_hashes(tmp_path: Path) -> None:
    (tmp_path / "itc").mkdir()
    for folder in (tmp_path, tmp_path / "itc"):
        (folder / "model.safetensors").write_bytes(b"weights of " + folder.name.encode())
    write_cards(tmp_path, FACTS)
    card = json.loads((tmp_path / "card.json").read_text())
    page = (tmp_path / "README.md").read_text()
    assert card["command"] == "vlm train tiny OUT --seed 4 --scale 0.5"
    assert card["expected_caption"] == "a cat"
    digest = hashlib.sha256((tmp_path / "model.safetensors").read_bytes()).hexdigest()
    assert card["sha256"] == {"model.safetensors": digest}
    for part in ("12,000 pictures", "0.948", digest, "Open Font License"):
        assert part in page


def test_hashes_leave_the_cards_themselves_out(tmp_path: Path) -> None:
    (tmp_path / "itc").mkdir()
    write_cards(tmp_path, FACTS)
    assert hashes(tmp_path) == {}
