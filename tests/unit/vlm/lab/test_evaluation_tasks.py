"""A model is scored as its users get it, on every task; what cannot be scored is named."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
import torch
from PIL import Image
from support.evaluated import (
    CaptionsOnly,
    Silent,
    Watched,
    caption_data,
    colours,
    evaluated,
    question_data,
    samples,
)

from vlm.engine.base import Engine, EngineOptions
from vlm.engine.echo import EchoEngine
from vlm.engine.load import load
from vlm.errors import BadRequest
from vlm.lab.evaluation.examples import read_examples
from vlm.lab.evaluation.items import fingerprint, parallel_data
from vlm.lab.evaluation.results import NAME, TABLE
from vlm.lab.evaluation.translations import predict_translations, score_translations


@cache
def tiny() -> Engine:
    torch.set_num_threads(1)
    return load(EngineOptions(model="tiny", quant="none"))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def test_true_captions_get_full_marks_and_every_file_is_written(tmp_path: Path, out: Path) -> None:
    result = evaluated(tiny(), "caption", caption_data(samples(tmp_path)), out)
    assert result.scores["BLEU-1"] == pytest.approx(1) == result.scores["BLEU-4"]
    assert result.scores["CIDEr"] > 5
    assert result.examples == 12 and result.failures == () and result.seconds > 0
    assert {path.name for path in out.iterdir()} == {
        NAME, TABLE, "report.html", "examples.jsonl", "predictions.jsonl",
    }  # fmt: skip
    table = (out / TABLE).read_text()
    assert "| BLEU-1 | 1.000 |" in table and "sacrebleu" in table and "as tutorials" in table


def test_search_finds_each_picture_by_its_caption(tmp_path: Path, out: Path) -> None:
    result = evaluated(tiny(), "retrieval", caption_data(samples(tmp_path)), out)
    assert result.scores["text to picture R@1"] == result.scores["picture to text R@1"] == 1.0
    assert result.scores["text to picture median rank"] == 1.0
    assert all(one.retrieved[0] == one.picture for one in read_examples(out))


def test_a_broken_picture_is_named_and_the_others_are_scored(tmp_path: Path, out: Path) -> None:
    folder = colours(tmp_path / "data")
    (folder / "broken.png").write_bytes(b"no picture")
    (folder / "broken.txt").write_text("nothing to see\n")
    for task in ("caption", "retrieval"):
        result = evaluated(EchoEngine(), task, caption_data(folder), out / task)
        assert [one.id for one in result.failures] == ["broken.png"] and result.examples == 6
        assert "not a picture that I can read" in result.failures[0].reason
        assert "broken.png" in (out / task / TABLE).read_text()


def test_answers_count_as_people_gave_them_and_by_kind(tmp_path: Path, out: Path) -> None:
    folder = colours(tmp_path / "data", ["red"])
    said = "what is it? (asked of a red picture of 64 by 48, after 0 turns)"
    lines = [
        {
            "image": "red.png",
            "question": "what is it?",
            "answers": [said] * 2 + ["a cat"] * 8,
            "kind": "other",
        },
        {"image": "red.png", "question": "is it red?", "answers": ["yes"] * 10, "kind": "yes/no"},
    ]
    result = evaluated(EchoEngine(), "vqa", question_data(folder, lines), out)
    assert result.scores["accuracy, other"] == pytest.approx(0.6)  # two of ten people, each left out in turn
    assert result.scores["accuracy, yes/no"] == 0 and result.scores["accuracy"] == pytest.approx(0.3)


def test_many_questions_about_a_picture_need_one_look(tmp_path: Path, out: Path) -> None:
    folder, engine = colours(tmp_path / "data", ["red", "blue"]), Watched()
    lines = [
        {"image": f"{name}.png", "question": f"question {number}?", "answers": ["yes"]}
        for number in range(9)
        for name in ("red", "blue")
    ]
    data = question_data(folder, lines)
    assert evaluated(engine, "vqa", data, out).examples == 18
    assert engine.looked == 2 + 1, "one more for the question whether it answers at all"
    said = {(one.prompt, Path(one.picture).stem): one.prediction for one in read_examples(out)}
    assert "a blue picture" in said["question 7?", "blue"] and "a red picture" in said["question 7?", "red"]


def test_pictures_of_one_name_in_two_folders_are_two_pictures(tmp_path: Path, out: Path) -> None:
    folder = tmp_path / "data"
    for name in ("red", "blue"):
        (folder / name).mkdir(parents=True)
        Image.new("RGB", (64, 48), name).save(folder / name / "1.png")
    lines = [{"image": f"{name}/1.png", "question": "what?", "answers": ["x"]} for name in ("red", "blue")]
    evaluated(EchoEngine(), "vqa", question_data(folder, lines), out)
    said = {Path(one.picture).parent.name: one.prediction for one in read_examples(out)}
    assert "a red picture" in said["red"] and "a blue picture" in said["blue"]


@pytest.mark.parametrize("task", ["vqa", "retrieval"])
def test_what_an_engine_cannot_do_is_refused_before_anything_is_written(
    tmp_path: Path, out: Path, task: str
) -> None:
    folder = colours(tmp_path / "data")
    data = (
        question_data(folder, [{"image": "red.png", "question": "what?", "answers": ["x"]}])
        if task == "vqa"
        else caption_data(folder)
    )
    with pytest.raises(BadRequest, match=f"echo cannot be evaluated on {task}: It"):
        evaluated(CaptionsOnly(), task, data, out)
    assert not out.exists()


def test_an_engine_that_only_captions_is_scored_on_captions(tmp_path: Path, out: Path) -> None:
    result = evaluated(CaptionsOnly(), "caption", caption_data(colours(tmp_path / "data")), out)
    assert result.scores["BLEU-4"] == pytest.approx(1)


def test_silence_is_a_bad_answer_and_not_an_excuse(tmp_path: Path, out: Path) -> None:
    result = evaluated(Silent(), "caption", caption_data(colours(tmp_path / "data")), out)
    assert result.examples == 6 and result.failures == () and result.scores["BLEU-1"] == 0


def test_a_batch_that_does_not_fit_is_run_in_parts(tmp_path: Path, out: Path) -> None:
    data = caption_data(colours(tmp_path / "data"))
    for task in ("caption", "retrieval"):
        assert evaluated(EchoEngine(oom_above=1), task, data, out / task).examples == 6


def test_a_limit_draws_pictures_by_the_seed(tmp_path: Path) -> None:
    folder = colours(tmp_path / "data")
    drawn = [caption_data(folder, limit=3, seed=seed).items for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2] and len(drawn[0]) == 3


def test_data_has_another_name_as_soon_as_a_word_or_a_picture_changes(tmp_path: Path) -> None:
    folder = colours(tmp_path / "data")
    names = {fingerprint(caption_data(folder).items)}
    (folder / "red.txt").write_text("something else\n")
    names.add(fingerprint(caption_data(folder).items))
    (folder / "blue.png").write_bytes((folder / "blue.png").read_bytes() + b"\0")
    names.add(fingerprint(caption_data(folder).items))
    assert len(names) == 3


def test_translations_are_scored_in_each_direction(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text('{"en": "a cat", "de": "eine Katze", "kind": "caption"}\n{"en": "yes", "de": "ja"}\n')
    data = parallel_data(path, limit=None, seed=0)
    words = {"a cat": "eine Katze", "yes": "nein", "eine Katze": "a cat", "ja": "yes"}
    batches = list(
        predict_translations(lambda texts, source, target: [words[text] for text in texts], data.items, 1)
    )
    said = {one.id: one.text for batch in batches for one in batch}
    _, scores, _ = score_translations(data.items, [said[item.id] for item in data.items])
    assert (scores["exact, en-de"], scores["exact, de-en"]) == (0.5, 1.0)
    assert scores["chrF, de-en"] == 1.0 > scores["chrF, en-de"] > 0.5


def test_a_language_may_be_that_of_a_region(tmp_path: Path) -> None:
    path, asked_for = tmp_path / "lines.jsonl", set()
    path.write_text('{"en": "a cat", "pt-br": "um gato"}\n')

    def translate(texts: Sequence[str], source: str, target: str) -> list[str]:
        asked_for.add((source, target))
        return [*texts]

    assert len([*predict_translations(translate, parallel_data(path, limit=None, seed=0).items, 8)]) == 2
    assert asked_for == {("en", "pt-br"), ("pt-br", "en")}


def test_what_else_a_line_says_of_itself_is_no_language(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text('{"id": "1", "kind": "caption", "url": "x", "en": "a cat", "id-ID": "kucing"}\n')
    kinds = [item.kind for item in parallel_data(path, limit=None, seed=0).items]
    assert kinds == ["en-id-ID caption", "id-ID-en caption"]


@pytest.mark.parametrize("line", ["a cat", '{"de": "eine Katze"}', '["a"]'])
def test_a_line_that_is_not_parallel_is_told_with_its_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text('{"en": "a", "de": "b"}\n' + line + "\n")
    with pytest.raises(BadRequest, match=r"lines.jsonl:2"):
        parallel_data(path, limit=None, seed=0)
