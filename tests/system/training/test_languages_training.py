"""The translator's training: it learns, it can be stopped, and it leaves a checkpoint that translates."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from support.small_language import REFERENCE
from transformers import PreTrainedTokenizerFast

from vlm.cli import main
from vlm.engine.checkpoints import open_translator
from vlm.errors import BadRequest
from vlm.lab.languages.batches import IGNORED, TranslationBatches
from vlm.lab.languages.corpus import lines
from vlm.lab.languages.pairs import PairSampler, SentencePair
from vlm.lab.languages.score import exactness
from vlm.lab.languages.train import (
    TRAINING,
    TranslatorRun,
    TranslatorSchedule,
    loss_of,
    tokenizer_of,
    train_translator,
)
from vlm.lab.run_config import check_run_config

PAIRS = PairSampler(REFERENCE)
PLAN = TranslatorSchedule(steps=6, batch=8, tokenizer_pairs=500)


def begin(folder: Path, *, steps: int = PLAN.steps) -> tuple[TranslatorRun, TranslationBatches]:
    folder.mkdir(exist_ok=True)
    plan = TranslatorSchedule(steps=PLAN.steps, batch=PLAN.batch, tokenizer_pairs=PLAN.tokenizer_pairs)
    run = TranslatorRun(folder, plan, tokenizer_of(folder, PAIRS, plan), seed=0)
    run.restore()
    run.plan = TranslatorSchedule(steps=steps, batch=PLAN.batch)
    return run, TranslationBatches(PAIRS, run.tokenizer, seed=0, size=PLAN.batch)


def weights(run: TranslatorRun) -> torch.Tensor:
    return torch.cat([weight.detach().flatten() for weight in run.model.parameters()])


def test_a_run_that_was_stopped_ends_where_an_unbroken_one_ends(tmp_path: Path) -> None:
    unbroken, batches = begin(tmp_path / "unbroken")
    unbroken.train(batches)
    stopped, batches = begin(tmp_path / "stopped", steps=3)
    stopped.train(batches)
    continued, batches = begin(tmp_path / "stopped")
    assert continued.step == 3
    continued.train(batches)
    assert torch.equal(weights(continued), weights(unbroken))


def test_a_tokenizer_that_was_saved_by_half_is_learned_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save_half(_: object, folder: Path) -> None:
        folder.mkdir()
        (folder / "tokenizer.json").write_text("{")
        raise KeyboardInterrupt

    monkeypatch.setattr(PreTrainedTokenizerFast, "save_pretrained", save_half)
    with pytest.raises(KeyboardInterrupt):
        tokenizer_of(tmp_path, PAIRS, PLAN)
    monkeypatch.undo()
    learned = tokenizer_of(tmp_path, PAIRS, PLAN)
    assert tokenizer_of(tmp_path, PAIRS, PLAN).get_vocab() == learned.get_vocab()


def test_a_step_down_its_own_loss_lowers_it(tmp_path: Path) -> None:
    run, batches = begin(tmp_path)
    (_, batch), *_ = batches.stream(0, 1)
    first = loss_of(run.model, batch)
    for step in range(4):
        loss_of(run.model, batch).backward()
        run.optimiser.step(step)
    assert loss_of(run.model, batch) < first


def test_a_batch_names_its_languages_and_guesses_only_words(tmp_path: Path) -> None:
    run, batches = begin(tmp_path)
    rows = [
        batches.ids(SentencePair("en", "a cat", "de", "eine Katze")),
        batches.ids(SentencePair("ru", "кошка", "en", "a cat")),
    ]
    batch = batches.batch(rows)
    tokens = run.tokenizer.convert_ids_to_tokens
    assert tokens(batch.source[:, 0].tolist()) == ["__en__", "__ru__"]
    assert tokens(batch.decoder_input[:, :2].flatten().tolist()) == ["</s>", "__de__", "</s>", "__en__"]
    assert (batch.labels[:, 0] == IGNORED).all()
    assert run.tokenizer.decode(rows[0][1], skip_special_tokens=True).strip() == "eine Katze"


def test_one_command_makes_a_translator_with_its_card(tmp_path: Path) -> None:
    command = ["train", "translator", str(tmp_path), "--scale", "0.0006"]
    assert main(command) == 0
    assert main([*command, "--seed", "1"]) == 2
    card = json.loads((tmp_path / "card.json").read_text("utf-8"))
    assert card["command"] == "vlm train translator OUT --seed 0 --scale 0.0006"
    assert set(card["scores"]["en to ru"]) >= {"all", "caption"}
    assert set(card["sha256"]) >= {"config.json", "model.safetensors", "tokenizer.json"}
    assert open_translator(str(tmp_path), device="cpu").speaks("fr")


@pytest.mark.parametrize("other", [{"seed": 1}, {"scale": 0.0007}])
def test_a_run_begun_with_other_options_is_refused_and_left_alone(
    tmp_path: Path, other: dict[str, Any]
) -> None:
    scaled = {"seed": 0, "scale": 0.0006}
    check_run_config(tmp_path / TRAINING, {**scaled, "plan": asdict(TranslatorSchedule().scaled(0.0006))})
    with pytest.raises(BadRequest, match="begun with other data or options"):
        train_translator(tmp_path, **{**scaled, **other})
    assert [path.name for path in tmp_path.rglob("*.*")] == ["plan.json"]


def test_the_shipped_translator_is_as_good_as_its_card_says() -> None:
    card = json.loads(Path("vlm/assets/translator/card.json").read_text("utf-8"))
    scores = exactness(open_translator("tiny", device="cpu"), list(lines(REFERENCE, seed=0, count=120)))
    for direction, kinds in scores.items():
        assert kinds["caption"] >= 0.95, direction
        assert kinds["all"] >= card["scores"][direction]["all"] - 0.05, direction
