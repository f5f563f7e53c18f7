"""Runs side by side: intervals as theory has them, differences paired by picture, never on different data."""

import json
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
from sacrebleu.metrics import BLEU, CHRF
from support.evaluated import caption_data, colours, evaluated

from vlm.engine.echo import EchoEngine
from vlm.errors import BadRequest, NotFound
from vlm.lab.evaluation.bootstrap import Interval, bootstrap_scores, interval
from vlm.lab.evaluation.comparison import compare_runs, render_page, render_table
from vlm.lab.evaluation.examples import Example, write_examples
from vlm.lab.evaluation.results import EvaluationResult, write_result
from vlm.lab.evaluation.statistics import Statistics, bleu_statistics, chrf_statistics, ratio, score_of

SAID = ["a cat on a mat", "two dogs", "", "a red rose", "the the the", "A bird, in the sky."]
TRUTHS = [
    ["a cat on the mat", "the cat"], ["two dogs play"], ["a fish"], ["a red rose"], ["the house", "the"],
    ["a bird in the sky"],
]  # fmt: skip


def kept(
    folder: Path,
    parts: list[Statistics],
    *,
    model: str = "m",
    units: list[str] | None = None,
    data: str = "d",
) -> Path:
    """A finished run with one score, 'right'."""
    folder.mkdir()
    examples = [
        Example(id=str(number), unit=units[number] if units else str(number), parts={"right": part})
        for number, part in enumerate(parts)
    ]
    score = sum(part[0] for part in parts) / sum(part[1] for part in parts)
    header = {"task": "caption", "model": {"name": model}, "data": {"name": data, "fingerprint": data}}
    write_examples(folder, examples)
    write_result(
        folder, EvaluationResult(command="vlm", header=header, scores={"right": score}, examples=len(parts))
    )
    return folder


def only(paths: list[Path]) -> tuple[tuple[Interval, ...], tuple[Interval | None, ...]]:
    """The scores and differences of the one row."""
    (row,) = compare_runs(paths).rows
    assert all(isinstance(score, Interval) for score in row.scores)
    return row.scores, row.differences  # type: ignore[return-value]


def test_the_parts_of_sentences_make_the_corpus_score_of_sacrebleu() -> None:
    parts = [bleu_statistics(said, references) for said, references in zip(SAID, TRUTHS, strict=True)]
    streams = [[references[0] for references in TRUTHS], [references[-1] for references in TRUTHS]]
    for order in (1, 2, 3, 4):
        ours = float(score_of(np.array([part[f"BLEU-{order}"] for part in parts]).sum(axis=0)))
        theirs = BLEU(lowercase=True, max_ngram_order=order).corpus_score(SAID, streams)
        assert ours == pytest.approx(theirs.score / 100)
    letters = np.array(
        [chrf_statistics(said, references[0]) for said, references in zip(SAID, TRUTHS, strict=True)]
    )
    assert float(score_of(letters.sum(axis=0))) == pytest.approx(
        CHRF().corpus_score(SAID, streams[:1]).score / 100
    )


def test_a_bleu_without_a_single_hit_is_smoothed_as_sacrebleu_smooths_it() -> None:
    for said, truth in (("a b c d e", "a x b y c"), ("x y z", "a b c"), ("a", "a")):
        ours = float(score_of(np.array(bleu_statistics(said, [truth])["BLEU-4"])))
        assert ours == pytest.approx(BLEU(lowercase=True).corpus_score([said], [[truth]]).score / 100)


def test_an_interval_of_a_share_is_the_binomials() -> None:
    right = np.array([ratio(number < 80) for number in range(100)])  # 80 of 100
    [samples] = bootstrap_scores(100, [right], seed=0)
    comparison = interval(0.8, samples)
    reach = 1.96 * (0.8 * 0.2 / 100) ** 0.5
    assert comparison.low == pytest.approx(0.8 - reach, abs=0.02) and comparison.high == pytest.approx(
        0.8 + reach, abs=0.02
    )


def test_a_score_that_never_varies_has_no_width(tmp_path: Path) -> None:
    ((score,), _) = only([kept(tmp_path / "a", [ratio(1)] * 20)])
    assert score == Interval(1.0, 1.0, 1.0)


def test_two_equal_runs_do_not_differ_at_all(tmp_path: Path) -> None:
    parts = [ratio(number % 2) for number in range(50)]
    _, (none, gap) = only([kept(tmp_path / "a", parts), kept(tmp_path / "b", parts)])
    assert none is None and gap == Interval(0.0, 0.0, 0.0) and not gap.is_clear


def test_a_small_difference_is_clear_where_it_is_always_on_the_same_pictures(tmp_path: Path) -> None:
    """By their own intervals the two runs overlap; paired, one is better wherever they differ."""
    first = [ratio(number < 50) for number in range(100)]
    second = [ratio(number < 58) for number in range(100)]
    (one, other), (_, gap) = only([kept(tmp_path / "a", first), kept(tmp_path / "b", second, model="n")])
    assert one.high > other.low and gap is not None
    assert gap.value == pytest.approx(0.08) and gap.is_clear and 0.02 < gap.low < 0.08 < gap.high < 0.15


def test_questions_about_one_picture_are_drawn_together(tmp_path: Path) -> None:
    """Ten questions a picture, all right or all wrong, tell no more than one."""
    parts = [ratio(number < 50) for number in range(100)]
    together = [str(number // 10) for number in range(100)]
    ((apart,), _) = only([kept(tmp_path / "a", parts)])
    ((grouped,), _) = only([kept(tmp_path / "b", parts, units=together)])
    assert apart.value == grouped.value == 0.5
    assert grouped.high - grouped.low > 2.5 * (apart.high - apart.low)


def test_runs_on_different_data_are_refused(tmp_path: Path) -> None:
    paths = [kept(tmp_path / "a", [ratio(1)]), kept(tmp_path / "b", [ratio(1)], data="other")]
    with pytest.raises(BadRequest, match="scored on different data"):
        compare_runs(paths)


def test_a_run_that_is_not_there_or_not_finished_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no finished run in .*: result.json is missing"):
        compare_runs([tmp_path])
    (tmp_path / "result.json").write_text("{}")
    with pytest.raises(BadRequest, match="not a result of vlm evaluate"):
        compare_runs([tmp_path])


def test_real_runs_stand_in_one_table_with_what_could_not_be_scored_left_out(tmp_path: Path) -> None:
    data = caption_data(colours(tmp_path / "data"))
    evaluated(EchoEngine(), "caption", data, tmp_path / "one")
    copytree(tmp_path / "one", tmp_path / "other")
    examples = (tmp_path / "other" / "examples.jsonl").read_bytes().splitlines()
    (tmp_path / "other" / "examples.jsonl").write_bytes(b"\n".join(examples[1:]) + b"\n")
    result = json.loads((tmp_path / "other" / "result.json").read_text())
    result["broken"], result["header"]["model"]["name"] = [{"id": "black.png", "why": "damaged"}], "a|<b>"
    (tmp_path / "other" / "result.json").write_text(json.dumps(result))
    comparison = compare_runs([tmp_path / "one", tmp_path / "other" / "result.json"])
    table, page = render_table(comparison), render_page(comparison)
    assert (comparison.examples, comparison.whole, comparison.units) == (5, 6, 5)
    assert (
        "| BLEU-4 | 1.000 [1.000, 1.000] | 1.000 [1.000, 1.000] Δ +0.000" in table
        and "1 others left out" in table
    )
    assert "| | some model | a/‹b› |" in table
    assert "<b>" not in page and "a|&lt;b&gt;" in page and "<script" not in page
