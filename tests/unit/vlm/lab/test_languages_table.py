"""The tables are complete, agree with the small world, and never call two things by one word."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from support.small_language import REFERENCE

from vlm.errors import BadRequest
from vlm.lab import questions
from vlm.lab.languages import corpus
from vlm.lab.languages.corpus import caption_of, lines, write_lines
from vlm.lab.languages.pairs import PairSampler, add_typos, without_accents
from vlm.lab.languages.reference import Meaning
from vlm.lab.languages.tables import CODES, FOREIGN, read_sentences, read_words
from vlm.lab.positions import PLACES
from vlm.lab.scenes import held_out_series, scene
from vlm.lab.vocabulary import COLOUR_NAMES, NOUNS, NUMBERS

TEMPLATES = (
    *questions.COUNT, *questions.PRESENCE, *questions.COLOUR, *questions.IS_COLOUR, *questions.TOTAL,
    *questions.LISTING, *questions.RELATION, *questions.BESIDE, *questions.WHERE, *questions.WHERE_MANY,
    *questions.UNKNOWABLE,
)  # fmt: skip


def test_every_word_of_the_small_world_has_its_forms_in_every_language() -> None:
    said = {kind: {word.english for word in read_words() if word.kind == kind} for kind in ("noun", "colour")}
    assert said == {"noun": {kind.name for kind in NOUNS}, "colour": set(COLOUR_NAMES)}
    assert [word.english for word in read_words() if word.kind == "number"] == list(NUMBERS)
    for word in read_words():
        assert set(word.forms) == set(FOREIGN)
        assert all(form for forms in word.forms.values() for one in forms for form in one)


@pytest.mark.parametrize("english", sorted(set(TEMPLATES)))
def test_every_question_that_people_may_ask_has_its_counterparts(english: str) -> None:
    assert english in REFERENCE.by_english


def test_every_answer_has_its_counterparts() -> None:
    answers = {"yes", "no", "nothing", questions.UNKNOWN, "there is no {noun}", *NUMBERS}
    assert answers | {place for row in PLACES for place in row} <= set(REFERENCE.by_english)


@pytest.mark.parametrize("code", FOREIGN)
def test_every_wording_can_be_filled_with_every_noun(code: str) -> None:
    for row, sentence in enumerate(REFERENCE.sentences):
        if "{group}" in sentence.english or sentence.kind in ("side", "strange", "stranges"):
            continue
        for kind in NOUNS:
            meaning = Meaning(row, noun=kind.name, other="cat", side="left", shade="red", name="Zorblax")
            for wording in range(len(sentence.templates[code])):
                text = REFERENCE.word(meaning, code, wording)
                assert text == text.strip()
                assert "{" not in text
                assert "  " not in text


@pytest.mark.parametrize("code", FOREIGN)
def test_no_word_means_two_things(code: str) -> None:
    meant: dict[str, str] = {}
    for english, alternatives in REFERENCE.lexicons[code].nouns.items():
        for slots in alternatives:
            for form in (slots["noun"], slots["plural"]):
                assert meant.setdefault(form.lower(), english) == english


def test_the_captions_of_scenes_are_said_as_the_scenes_say_them() -> None:
    for index in range(500):
        drawn = scene(held_out_series(0), index)
        assert REFERENCE.say(caption_of(REFERENCE, drawn), "en") == drawn.caption


@pytest.mark.parametrize("code", FOREIGN)
def test_held_out_lines_mean_one_thing_in_each_language(code: str) -> None:
    found = list(lines(REFERENCE, seed=0, count=1000))
    english: dict[str, str] = {}
    assert all(set(line) == {"kind", *CODES} for line in found)
    for line in found:
        assert english.setdefault(line[code], line["en"]) == line["en"]


def test_lines_are_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "new" / "lines.jsonl"
    assert write_lines(path, REFERENCE, seed=0, count=5) == 5
    assert len(path.read_text("utf-8").splitlines()) == 5
    with pytest.raises(BadRequest, match="exists already"):
        write_lines(path, REFERENCE, seed=0, count=5)


def test_lines_written_by_half_are_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lines.jsonl"

    def stopped(*_: object, **__: object) -> Iterator[dict[str, str]]:
        yield {"en": "half"}
        raise KeyboardInterrupt

    monkeypatch.setattr(corpus, "lines", stopped)
    with pytest.raises(KeyboardInterrupt):
        write_lines(path, REFERENCE, seed=0, count=5)
    monkeypatch.undo()
    assert write_lines(path, REFERENCE, seed=0, count=5) == 5
    assert [*tmp_path.iterdir()] == [path]
    assert "half" not in path.read_text("utf-8")


def test_the_same_seed_draws_the_same_pairs_and_one_side_is_english_or_copied() -> None:
    pairs = PairSampler(REFERENCE)
    first, second = Random("a"), Random("a")
    for _ in range(500):
        pair = pairs.draw(first)
        assert pair == pairs.draw(second)
        assert "en" in (pair.source, pair.target) or pair.text == pair.translation
        assert pair.text.strip()
        assert pair.translation.strip()


def test_people_type_without_accents_and_are_understood() -> None:
    assert without_accents("¿Dónde está la cámara?", "es") == "¿Donde esta la camara?"
    assert without_accents("Bär und Fußball", "de", german_pairs=True) == "Baer und Fussball"
    assert without_accents("ёж и чайка", "ru") == "еж и чайка"
    careless = {add_typos("¿Cuántos gatos hay?", "es", Random(seed)) for seed in range(2000)}
    assert {"¿Cuántos gatos hay?", "cuantos gatos hay"} <= careless


def test_sentences_have_a_first_wording_in_every_language() -> None:
    for sentence in read_sentences():
        assert set(sentence.templates) == set(CODES)
        assert all(template for wordings in sentence.templates.values() for template in wordings)
