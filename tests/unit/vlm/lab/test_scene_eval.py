"""Scenes are scored with the truth of what was drawn, in any artist's hand."""

from itertools import islice
from pathlib import Path

import pytest

from vlm.engine.echo import EchoEngine
from vlm.errors import BadRequest
from vlm.lab.alt_glyphs import drawable_scenes
from vlm.lab.evaluate import evaluate_scenes, evaluate_tiny, nested, table
from vlm.lab.evaluation.comparison import compare_runs
from vlm.lab.glyphs import GlyphFolder, GlyphFont, Glyphs
from vlm.lab.questions import KINDS
from vlm.lab.scene_eval import SceneEvaluation
from vlm.lab.scenes import STRANGE, held_out_series, scene
from vlm.lab.vocabulary import NOUNS, STRANGERS

SERIES = held_out_series(7)


def hand(folder: Path, glyphs: str) -> Glyphs:
    """An artist's folder that has only these glyphs."""
    for glyph in glyphs:
        picture = GlyphFont().draw(glyph)
        picture.crop(picture.getbbox()).save(folder / f"{ord(glyph):x}.png")
    return Glyphs((GlyphFolder(folder),))


def test_scenes_in_another_hand_show_the_same_things_with_what_glyphs_there_are(tmp_path: Path) -> None:
    last = "".join(kind.glyphs[-1] for kind in NOUNS[:20]) + STRANGERS[0]
    glyphs = hand(tmp_path, last)
    scenes = [*islice(drawable_scenes(SERIES, glyphs), 5)]
    assert len({one.caption for one in scenes}) > 1
    for one in scenes:
        for thing in one.things:
            kind = STRANGERS if thing.noun == STRANGE else NOUNS[thing.noun].glyphs
            assert thing.glyph in kind and thing.glyph in last


def test_with_every_glyph_at_hand_the_scenes_are_the_series_own() -> None:
    assert [*islice(drawable_scenes(SERIES, Glyphs()), 9)] == [scene(SERIES, index) for index in range(9)]


def test_a_folder_of_hardly_any_glyphs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="show too few things"):
        list(islice(drawable_scenes(SERIES, hand(tmp_path, "♈")), 2000))


def test_every_kind_of_question_is_scored_and_only_clear_ones() -> None:
    scenes = [scene(SERIES, index) for index in range(40)]
    evaluation = SceneEvaluation(EchoEngine(), scenes, Glyphs(), lambda count: None)
    rows = evaluation.answer_rows("relation")
    assert any(rows), "some scenes have three things and a clear question"
    assert all(len(one.things) >= 3 for one, row in zip(scenes, rows, strict=True) if row)


def test_a_report_has_all_that_the_cards_show_and_can_be_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = evaluate_tiny("echo", count=20, seed=7, out=tmp_path)
    assert set(report["scores"]["answer"]) == {*KINDS, "count after turns"}
    assert {"noun recall", "noun precision", "set", "counts", "colour"} <= set(report["scores"]["caption"])
    search, languages = report["scores"]["search"], report["scores"]["language"]
    assert {"caption R@1", "caption R@10", "query R@1", "query R@10", "caption through ru R@10"} <= set(
        search
    )
    assert list(languages) == [f"{code} caption exactly" for code in ("es", "de", "fr", "ru")]
    assert capsys.readouterr().out == table(report)
    comparison = compare_runs([tmp_path, tmp_path / "result.json"])
    assert comparison.task == "scenes" and comparison.examples == 20
    assert "answer: count" in {row.name for row in comparison.rows}


def test_scores_are_grouped_as_they_are_named() -> None:
    assert nested({"caption: set": 0.5, "answer: count": 1.0}) == {
        "caption": {"set": 0.5},
        "answer": {"count": 1.0},
    }
    rows, scores = evaluate_scenes(EchoEngine(), [scene(SERIES, index) for index in range(6)])
    assert len(rows) == 6 and scores["caption"]["set"] <= 1
