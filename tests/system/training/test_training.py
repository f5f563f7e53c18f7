"""Training in miniature: it learns, it stops and goes on, and it leaves folders that transformers loads."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from vlm.errors import BadRequest
from vlm.lab.dimensions import GRID
from vlm.lab.losses import block_mask, vision_phase_loss
from vlm.lab.model import Blip2Pair, grid_positions
from vlm.lab.optimiser import MasterAdamW
from vlm.lab.run_config import check_run_config
from vlm.lab.scenes import STRANGE, dense_scene, scene
from vlm.lab.tokenizer import END, noun_of_tokens, question_prompt, train_tokenizer
from vlm.lab.train import train, train_tiny
from vlm.lab.training_data import (
    IGNORED,
    NOTHING,
    SceneBatches,
    TextPacker,
    caption_order,
    head_targets,
    scene_targets,
)
from vlm.lab.training_run import CHECKPOINT, TrainingRun, TrainingSchedule
from vlm.lab.vocabulary import MAX_THINGS, NOUNS

PLAN = TrainingSchedule(
    batch=4, vision_steps=2, joint_steps=2, pictures=8,
    text_batch=4, text_steps=2,
)  # fmt: skip
TOKENIZER = train_tokenizer()


def masters(run: TrainingRun) -> list[Tensor]:
    optimisers = (run.optimiser, run.text_optimiser)
    return [master for optimiser in optimisers for master in optimiser.state()["masters"]]


def started(folder: Path) -> TrainingRun:
    folder.mkdir(exist_ok=True)
    run = TrainingRun(folder, PLAN, TOKENIZER, seed=3)
    run.restore()
    return run


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> TrainingRun:
    """A run that nobody stopped."""
    torch.set_num_threads(1)
    run = started(tmp_path_factory.mktemp("training") / "whole")
    train(run, lambda step: step)
    return run


class StoppedError(Exception):
    pass


@pytest.mark.parametrize("stop_after", [1, 5], ids=["at the start", "near the end"])
def test_a_stopped_run_goes_on_as_if_nothing_had_happened(
    whole: TrainingRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop_after: int
) -> None:
    monkeypatch.setattr("vlm.lab.train.SAVE_EVERY", 1)
    stopped = started(tmp_path / "stopped")
    saved = 0
    save = stopped.save

    def save_and_stop() -> None:
        nonlocal saved
        save()
        saved += 1
        if saved == stop_after:
            raise StoppedError

    monkeypatch.setattr(stopped, "save", save_and_stop)
    with pytest.raises(StoppedError):
        train(stopped, lambda step: step)
    resumed = started(tmp_path / "stopped")
    train(resumed, lambda step: step)

    for one, other in zip(masters(whole), masters(resumed), strict=True):
        assert torch.allclose(one, other, rtol=0, atol=1e-4)


def test_half_a_checkpoint_is_never_left_behind(tmp_path: Path) -> None:
    run = started(tmp_path / "run")
    run.save()
    assert [path.name for path in run.folder.iterdir()] == [CHECKPOINT]


def test_a_few_steps_on_one_batch_lower_the_loss() -> None:
    torch.manual_seed(0)
    run = TrainingRun(Path(), replace(PLAN, vision_steps=20), TOKENIZER, seed=0)
    batch = SceneBatches(TOKENIZER, seed=0, size=8)[0]
    losses = []
    for step in range(12):
        loss = vision_phase_loss(run.pair, run.heads, batch)
        loss.backward()
        run.optimiser.step(step)
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]


def test_batches_are_the_same_whenever_they_are_drawn() -> None:
    first, again = (SceneBatches(TOKENIZER, seed=0, size=3)[7] for _ in range(2))
    assert torch.equal(first.pixels, again.pixels)
    assert torch.equal(first.texts.text.ids, again.texts.text.ids)
    assert torch.equal(first.texts.search.ids, again.texts.search.ids)
    assert not torch.equal(first.pixels, SceneBatches(TOKENIZER, seed=0, size=3)[8].pixels)


def test_the_eye_learns_before_the_words() -> None:
    """First many things and nothing said; then the scenes that people will send, and talk."""
    batches = SceneBatches(TOKENIZER, seed=0, size=5, talking_from=2)
    assert max(len(drawn.things) for drawn in batches.scenes(1)) >= 6
    assert batches[1].texts is None
    assert max(len(drawn.things) for drawn in batches.scenes(2)) <= MAX_THINGS
    assert batches[2].texts is not None


def test_clutter_is_something_and_an_empty_background_is_not() -> None:
    bare = [s for s in (scene(0, index) for index in range(400)) if not s.things]
    for drawn in bare:
        patches, cells, _ = scene_targets(drawn)
        assert set(patches) == set(cells) == {NOTHING if drawn.colour else STRANGE}


def test_each_thing_knows_what_the_caption_says_of_its_kind() -> None:
    told = 0
    for index in range(60):
        drawn = scene(0, index)
        _, cells, _ = scene_targets(drawn)
        ranks, fellows = caption_order(drawn, cells)
        kinds = [*drawn.counts, STRANGE]
        for noun, rank, others in zip(cells, ranks, fellows, strict=True):
            if noun == NOTHING or not drawn.things:
                assert rank == others == IGNORED
            else:
                assert kinds[rank] == noun
                assert others + 1 == (drawn.unknown if noun == STRANGE else drawn.counts[noun])
                told += 1
    assert told > 60


def test_nothing_is_asked_about_more_things_than_a_caption_tells() -> None:
    crowd = dense_scene(0, 0)
    _, cells, _ = scene_targets(crowd)
    assert all((part == IGNORED).all() for part in caption_order(crowd, cells))


def test_a_named_thing_should_know_how_many_and_where() -> None:
    drawn = next(s for s in map(partial(scene, 0), range(99)) if 1 in s.counts.values())
    known = head_targets([drawn])
    noun = next(noun for noun, count in drawn.counts.items() if count == 1)
    thing = next(thing for thing in drawn.things if thing.noun == noun)
    assert known.counts[0].nonzero().flatten().tolist() == list(drawn.counts)
    assert known.spots[0, noun].tolist() == pytest.approx(
        [2 * thing.x / drawn.extent[0] - 1, 2 * thing.y / drawn.extent[1] - 1]
    )


def test_every_noun_is_one_token_by_which_it_is_known() -> None:
    of_token = noun_of_tokens(TOKENIZER)
    for number, kind in enumerate(NOUNS):
        for word in (kind.name, kind.plural):
            [_, token] = TOKENIZER(f"a {word}").input_ids[1:]
            assert of_token[token] == number


def test_the_last_phase_leaves_the_tower_alone() -> None:
    pair = Blip2Pair(len(TOKENIZER))
    taught = {id(weight) for weight in pair.words()}
    for name, weight in pair.named_parameters():
        assert (id(weight) in taught) == ("vision_model" not in name), name


def test_a_segment_of_text_sees_the_picture_and_its_own_past_only() -> None:
    segments = torch.tensor([[1, 1, 2, 2, 0]])
    seen = block_mask(segments)[0, 0] == 0
    queries = seen.shape[0] - 5
    assert seen[queries:, :queries].all()
    assert seen[queries:, queries:].tolist() == [
        [True, False, False, False, False],
        [True, True, False, False, False],
        [False, False, True, False, False],
        [False, False, True, True, False],
        [False, False, False, False, True],
    ]


def test_packed_text_teaches_what_the_engine_will_ask() -> None:
    """Caption first, after the begin token alone; then prompts, whose answers end with the end token."""
    drawn = scene(0, 0)
    text = TextPacker(TOKENIZER).pack([drawn], np.random.default_rng(0))
    caption = text.targets[0][(text.segments[0] == 1) & (text.weights[0] > 0)]
    assert TOKENIZER.decode(caption, skip_special_tokens=True).strip() == drawn.caption
    assert caption[-1] == END
    asked = text.ids[0][(text.segments[0] == 2) & (text.weights[0] == 0)]
    said = TOKENIZER.decode(asked, skip_special_tokens=True)
    assert said.startswith("Question: ")
    assert said.endswith(" Answer") or " Answer:" in said


def test_typed_special_tokens_are_plain_text() -> None:
    ids = TOKENIZER("a <image> </s> <pad>", split_special_tokens=True).input_ids
    assert ids[0] == END
    assert len(TOKENIZER) - 1 not in ids
    assert END not in ids[1:]


def test_prompts_are_worded_as_blip2_was_evaluated() -> None:
    assert question_prompt("how many cats?") == "Question: how many cats? Answer:"
    turns = (("is there a cat?", "yes"),)
    expected = "Question: is there a cat? Answer: yes. Question: how many? Answer:"
    assert question_prompt("how many?", turns) == expected


def test_query_tokens_start_different_from_each_other() -> None:
    """Equal queries would stay equal for ever."""
    queries = Blip2Pair(len(TOKENIZER)).retrieval.query_tokens[0]
    assert torch.cdist(queries, queries).add(torch.eye(GRID * GRID) * 9).min() > 0.5
    assert grid_positions(GRID).square().mean().sqrt().item() == pytest.approx(0.6, abs=0.01)


def test_the_rate_warms_up_and_falls_in_each_phase() -> None:
    optimiser = MasterAdamW([torch.nn.Parameter(torch.zeros(2, 2))], peak_rate=1.0, phases=(1000, 400))
    assert optimiser.rate(0) < 0.02
    assert optimiser.rate(100) > 0.95
    assert optimiser.rate(999) == pytest.approx(0.02, abs=0.001)
    assert optimiser.rate(1000) < 0.02
    assert optimiser.rate(1099) == pytest.approx(0.86, abs=0.01)
    assert optimiser.rate(1399) == pytest.approx(0.02, abs=0.001)


def test_a_run_goes_on_only_as_it_was_begun(tmp_path: Path) -> None:
    """Two seeds, or two sets of glyphs, in one folder would be neither."""
    check_run_config(tmp_path / "training", {"seed": 1, "glyphs": []})
    check_run_config(tmp_path / "training", {"seed": 1, "glyphs": []})
    with pytest.raises(BadRequest, match="begun with other data or options"):
        train_tiny(tmp_path, seed=2, scale=0.001)
