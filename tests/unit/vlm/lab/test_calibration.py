"""The cut-off of a search, fitted on some pictures and queries, good for others; the absent-query test."""

from math import log

import numpy as np
import pytest

from vlm.errors import BadRequest
from vlm.lab.calibration import RetrievalData, best_cut, fit, logistic_regression, no_match_test
from vlm.lab.query_sets import caption_query_set, scene_query_set
from vlm.lab.scenes import held_out_series, scene
from vlm.search.calibration import Calibration, ReferenceSet, Rule

Q, E, KINDS = 4, 32, 40
WORLD = np.random.default_rng(0).standard_normal((KINDS, E)).astype(np.float32)
WORLD /= np.linalg.norm(WORLD, axis=1, keepdims=True)


def material(seed: int, pictures: int = 300, *, blind: bool = False, mute: bool = False) -> RetrievalData:
    """Pictures of one thing each, seen and captioned with some errors; a query for each thing.

    `blind`: the vectors say nothing. `mute`: the captions say nothing.
    """
    rng = np.random.default_rng(seed)
    shown = rng.integers(KINDS, size=pictures)
    vectors = rng.standard_normal((pictures, Q, E)).astype(np.float32)
    if not blind:
        vectors[:, 0] += 8 * WORLD[shown] * (rng.random(pictures) < 0.95)[:, None]
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    said = np.where(rng.random(pictures) < 0.95, shown, rng.integers(KINDS, size=pictures))
    fits = np.arange(KINDS)[:, None] == shown[None, :]
    return RetrievalData(
        vectors=vectors,
        texts=["something" if mute else f"a thing{word}" for word in said],
        queries=[f"thing{kind}" for kind in range(KINDS)],
        query_vectors=WORLD,
        fits=fits,
        related=fits,
    )


def door(cut: float) -> ReferenceSet:
    """A rule that lets nothing or everything through."""
    rule = Rule(z_score=0, similarity=0, words=1, cut=cut)
    facts = Calibration(revision="r", rule=rule, texts=10, words={}, fitted={})
    return ReferenceSet(facts, np.ones((16, Q, E), np.float16))


# Fitting.


def test_a_fitted_cut_holds_for_pictures_and_queries_that_it_never_saw() -> None:
    reference_set, reported = fit(material(1), revision="r", gallery=50)
    assert reported.hit_rate >= 0.9 and reported.rejection >= 0.9 and reported.top_1 >= 0.9
    others = no_match_test(material(2), reference_set, gallery=50)
    assert others.hit_rate >= 0.9 and others.rejection >= 0.9 and others.precision >= 0.8


def test_what_tells_nothing_gets_little_weight() -> None:
    seeing, _ = fit(material(1, mute=True), revision="r", gallery=50)
    reading, _ = fit(material(1, blind=True), revision="r", gallery=50)
    assert (
        seeing.calibration.rule.words
        == 0
        < seeing.calibration.rule.z_score + seeing.calibration.rule.similarity
    )
    assert reading.calibration.rule.words > 10 * reading.calibration.rule.z_score


def test_a_calibration_tells_how_it_was_made() -> None:
    reference_set, reported = fit(material(1), revision="r", gallery=50, bank=64, seed=3)
    facts = reference_set.calibration
    assert (facts.revision, facts.texts, reference_set.vectors.shape) == ("r", 64, (64, Q, E))
    assert reference_set.vectors.dtype == np.float16 and sum(facts.words.values()) >= 64
    assert (facts.fitted["pictures"], facts.fitted["gallery"], facts.fitted["seed"]) == (300, 50, 3)
    assert facts.fitted["scores"]["found"] == round(reported.hit_rate, 4)


def test_the_same_seed_gives_the_same_rule() -> None:
    one, other = (fit(material(1), revision="r", gallery=50, seed=5)[0] for _ in range(2))
    assert one.calibration == other.calibration


def test_too_little_to_learn_from_is_said() -> None:
    with pytest.raises(BadRequest, match="at least 48 pictures"):
        fit(material(1, pictures=40), revision="r")


# The absent-query test.


def test_an_open_door_finds_everything_and_never_says_nothing() -> None:
    shares = no_match_test(material(1, pictures=80), door(-1), gallery=10)
    assert (shares.hit_rate, shares.rejection) == (1, 0)
    assert shares.present <= KINDS and shares.absent == KINDS


def test_a_closed_door_says_nothing_and_finds_nothing() -> None:
    shares = no_match_test(material(1, pictures=80), door(2), gallery=10)
    assert (shares.hit_rate, shares.top_1, shares.precision, shares.rejection) == (0, 0, 0, 1)


def test_a_model_without_a_calibration_is_tested_as_users_have_it() -> None:
    shares = no_match_test(material(1), None, gallery=50)
    assert shares.hit_rate > 0.5 and shares.rejection > 0.5


# The parts.


@pytest.mark.parametrize(
    ("right", "wrong", "cut"),
    [
        ([3, 4], [1, 2], 2.5),  # apart: in the middle
        ([2, 5, 6], [1, 3], 4.0),  # one miss of three weighs less than one false hit of two
        ([1, 1, 1, 1], [0, 0, 0, 2], 0.5),  # one false hit of four, or else all are missed
    ],
)
def test_the_cut_has_the_fewest_errors(right: list[float], wrong: list[float], cut: float) -> None:
    assert best_cut(right, wrong) == cut


def test_logistic_regression_finds_the_log_odds() -> None:
    """Of four pairs without the feature one is right, of four with it three: log 3 - log 1/3 = log 9."""
    measured = np.array([[0.0]] * 4 + [[1.0]] * 4)
    right = np.array([1.0, 0, 0, 0, 1, 1, 1, 0])
    assert logistic_regression(measured, right)[0] == pytest.approx(log(9), rel=1e-3)


def test_logistic_regression_stays_finite_where_there_is_no_error() -> None:
    weights = logistic_regression(np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0.0, 0, 1, 1]))
    assert np.isfinite(weights).all() and weights[0] > 0


# What is searched for.


def test_queries_of_captions_are_their_rarer_words_and_fit_whatever_has_them() -> None:
    captions = [["a cat on a mat", "a grey cat"], ["two cats"], ["a dog"], ["a bird"], ["a fish"]] + [
        ["sky"]
    ] * 5
    asked = caption_query_set(captions, 20)
    one = asked.texts.index(next(text for text in asked.texts if text in ("cat", "cats")))
    assert asked.fits[one].tolist() == [True, True] + [False] * 8
    assert not {"a", "on", "sky"} & set(asked.texts), "words that find nothing in particular"
    assert (asked.related | ~asked.fits).all(), "what fits is related"
    assert asked.fits.any(axis=1).all(), "each query has an answer"


def test_queries_of_scenes_fit_a_scene_and_know_where_their_object_is() -> None:
    scenes = [scene(held_out_series(0), index) for index in range(60)]
    asked = scene_query_set(scenes, 80)
    assert asked.fits.shape == asked.related.shape == (80, 60)
    assert asked.fits.any(axis=1).all() and (asked.related | ~asked.fits).all()
