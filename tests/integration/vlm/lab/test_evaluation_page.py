"""The report can be looked at anywhere, and shows hostile text as text."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from support.evaluated import caption_data, colours, evaluated

from vlm.engine.echo import EchoEngine
from vlm.lab.evaluation.examples import Example
from vlm.lab.evaluation.page import AT_RANDOM, EACH, NAME, choose_examples, write_page
from vlm.lab.evaluation.progress import format_duration
from vlm.lab.evaluation.results import EvaluationResult, FailedItem

HOSTILE = """"><script>alert('x')</script><img src=x onerror="alert(1)">&"""
FETCHING = ("href", "src", "action", "onerror", "onload", "srcset")


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.text += data


def examples(count: int) -> list[Example]:
    return [Example(id=str(number), unit=str(number), score=number % 5) for number in range(count)]


@pytest.mark.parametrize("task", ["caption", "vqa", "retrieval", "translate"])
def test_nothing_that_people_or_models_wrote_is_markup(tmp_path: Path, task: str) -> None:
    picture = str((colours(tmp_path / "data") / "red.png").resolve())
    one = Example(
        id=HOSTILE, unit="u", picture=picture, prompt=HOSTILE, kind=HOSTILE, references=(HOSTILE, HOSTILE),
        prediction=HOSTILE, mark=HOSTILE, retrieved=(picture,) if task == "retrieval" else (),
    )  # fmt: skip
    header = {"task": task, "model": {"name": HOSTILE}, "data": {"name": HOSTILE}}
    failures = (FailedItem(id=HOSTILE, reason=HOSTILE),)
    result = EvaluationResult(
        command=HOSTILE, header=header, scores={HOSTILE: 1.0}, notes=(HOSTILE,), failures=failures
    )
    write_page(tmp_path, result, [one])
    page = Page((tmp_path / NAME).read_text())
    assert "script" not in {tag for tag, _ in page.tags} and page.text.count(HOSTILE) >= 6
    for tag, attributes in page.tags:
        for name in FETCHING:
            assert (attributes.get(name) or "data:").startswith("data:"), (tag, attributes)


def test_the_page_needs_nothing_but_itself_and_every_picture_is_told_in_words(tmp_path: Path) -> None:
    evaluated(EchoEngine(), "retrieval", caption_data(colours(tmp_path / "data")), tmp_path)
    text = (tmp_path / NAME).read_text()
    page = Page(text)
    pictures = [attributes for tag, attributes in page.tags if tag == "img"]
    assert len(pictures) >= 6 and all(
        one["src"] and one["src"].startswith("data:image/jpeg") for one in pictures
    )
    assert all(one.get("alt") for one in pictures)
    assert not re.search(r"https?:|<script|@import|url\(", text)
    assert "prefers-color-scheme: dark" in text and "width=device-width" in text
    assert len(text) < 2_000_000


def test_a_picture_that_has_gone_leaves_the_page_whole(tmp_path: Path) -> None:
    gone = Example(
        id="a", unit="a", picture=str(tmp_path / "gone.png"), prediction="a cat", references=("a cat",)
    )
    header = {"task": "caption", "model": {"name": "m"}, "data": {"name": "d"}}
    write_page(tmp_path, EvaluationResult(command="vlm", header=header, scores={}), [gone])
    assert "not here any more" in (tmp_path / NAME).read_text()


@pytest.mark.parametrize("count", [1, 2, 5, 12, 100])
def test_no_example_is_shown_twice_and_the_best_are_better_than_the_worst(count: int) -> None:
    groups = choose_examples(examples(count))
    shown = [one.id for group in groups.values() for one in group]
    assert len(set(shown)) == len(shown) and len(shown) == min(count, 2 * EACH + AT_RANDOM)
    if groups["best"]:
        assert min(one.score for one in groups["best"]) >= max(one.score for one in groups["worst"])
    assert choose_examples(examples(count)) == groups


def test_how_long_is_said_in_words() -> None:
    assert [format_duration(s) for s in (0.4, 59, 61, 3599, 7500)] == [
        "0 s",
        "59 s",
        "1 min",
        "1 h 0 min",
        "2 h 5 min",
    ]
