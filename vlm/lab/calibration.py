"""Fit the cut-off of a search, and evaluate searches with and without a match.

    N pictures, Q vectors of each, E their width, S queries, P pairs of a query and a picture, F measures

The pictures are split into three parts: a reference set, which is stored with the checkpoint; galleries to
fit the rule on; galleries to report on, with other queries. A gallery is like one person's chat: some dozens
of pictures. Each query searches two galleries: one with a matching picture, and one without its object.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from msgspec.structs import replace as changed
from numpy.typing import NDArray

from vlm.errors import BadRequest
from vlm.search.calibration import MIN_PICTURES, UNFITTED, Calibration, ReferenceSet, Rule
from vlm.search.index import IndexedPhoto, Measures, SearchIndex, SearchQuery
from vlm.search.ranking import find
from vlm.search.stemming import all_terms

GALLERY = 100  # pictures
BANK = 128  # pictures of the reference set: 0.8 MB for the tiny model, 2 MB for BLIP-2
TRIALS = 1000  # searches to fit or to report on, at most
LIMIT = 10  # hits that a user is shown
RIDGE = 1e-6  # for each pair: keeps weights finite where the measures separate right from wrong perfectly
NEWTON_STEPS = 60

Truth = NDArray[np.bool_]
Places = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalData:
    """Encoded pictures and queries with the ground truth.

    vectors         [N, Q, E]
    texts           the model's captions of the pictures, as a chat's memory holds them
    queries         English
    query_vectors   [S, E]
    fits            [S, N] which picture matches which query
    related         [S, N] which pictures show the query's object; includes `fits`
    """

    vectors: NDArray[Any]
    texts: Sequence[str]
    queries: Sequence[str]
    query_vectors: NDArray[np.float32]
    fits: Truth
    related: Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class NoMatchScores:
    """Scores of searches with a match (present queries) and without one (absent queries), as shares.

    hit_rate    present queries with a matching picture among the first ten hits; 1 - miss rate
    top_1       present queries whose best hit matches
    precision   share of the hits of present queries that match
    rejection   absent queries answered by nothing; 1 - false-hit rate
    """

    hit_rate: float
    top_1: float
    precision: float
    rejection: float
    present: int
    absent: int


@dataclass(frozen=True, slots=True)
class Trial:
    """One query in one gallery. `fits` [N]: which of its pictures match, in order."""

    query: SearchQuery
    index: SearchIndex
    fits: Truth
    present: bool


def fit(
    data: RetrievalData, *, revision: str, gallery: int = GALLERY, bank: int = BANK, seed: int = 0
) -> tuple[ReferenceSet, NoMatchScores]:
    """A reference set with its fitted rule, and its scores on other queries and pictures.

    Raises:  BadRequest for too few pictures or queries.
    """
    rng = np.random.default_rng(seed)
    pictures, queries = rng.permutation(len(data.texts)), rng.permutation(len(data.queries))
    kept = min(bank, len(pictures) // 3)
    if kept < MIN_PICTURES or len(queries) < 2:
        raise BadRequest(f"A calibration needs at least {3 * MIN_PICTURES} pictures and two queries.")
    reference_set = _reference_set(data, pictures[:kept], revision)
    halves = (kept + len(pictures)) // 2, len(queries) // 2
    fitting = trials(data, pictures[kept : halves[0]], queries[: halves[1]], gallery, rng)
    reporting = trials(data, pictures[halves[0] :], queries[halves[1] :], gallery, rng)
    if {trial.present for trial in fitting} != {True, False}:
        raise BadRequest("A calibration needs queries that some pictures fit and others do not.")
    rule = fit_rule(fitting, reference_set)
    reference_set = ReferenceSet(changed(reference_set.calibration, rule=rule), reference_set.vectors)
    scored = score(reporting, reference_set)
    how = {"pictures": len(pictures), "gallery": gallery, "seed": seed, "scores": _record(scored)}
    return ReferenceSet(changed(reference_set.calibration, fitted=how), reference_set.vectors), scored


def no_match_test(
    data: RetrievalData, reference_set: ReferenceSet | None, *, gallery: int = GALLERY, seed: int = 0
) -> NoMatchScores:
    """Search galleries drawn from the data as a user's chat is searched."""
    rng = np.random.default_rng(seed)
    everything = rng.permutation(len(data.texts)), rng.permutation(len(data.queries))
    return score(trials(data, *everything, gallery, rng), reference_set)


def trials(
    data: RetrievalData, pictures: Places, queries: Places, gallery: int, rng: np.random.Generator
) -> list[Trial]:
    """Each query with a gallery that has a match and one without its object, where there are such."""
    made: list[Trial] = []
    for query in queries[: TRIALS // 2]:
        fitting = pictures[data.fits[query, pictures]]
        others = pictures[~data.related[query, pictures]]
        if len(fitting):
            drawn = rng.choice(pictures, min(gallery, len(pictures)), replace=False)
            drawn[0] = rng.choice(fitting)
            made.append(_trial(data, int(query), np.unique(drawn), present=True))
        if len(others):
            drawn = rng.choice(others, min(gallery, len(others)), replace=False)
            made.append(_trial(data, int(query), drawn, present=False))
    return made


def score(trials: Sequence[Trial], reference_set: ReferenceSet | None) -> NoMatchScores:
    """Search as users do, and score the hits."""
    tally: Counter[str] = Counter()
    for trial in trials:
        result = find(trial.index, trial.query, reference_set, limit=LIMIT)
        right = [bool(trial.fits[int(hit.id)]) for hit in result.hits]
        tally["present" if trial.present else "absent"] += 1
        if trial.present:
            tally["hits"] += len(right)
            tally["right"] += sum(right)
            tally["found"] += any(right)
            tally["first"] += right[:1] == [True]
        else:
            tally["nothing"] += not right
    present, absent = max(1, tally["present"]), max(1, tally["absent"])
    return NoMatchScores(
        hit_rate=tally["found"] / present,
        top_1=tally["first"] / present,
        precision=tally["right"] / max(1, tally["hits"]),
        rejection=tally["nothing"] / absent,
        present=tally["present"],
        absent=tally["absent"],
    )


def fit_rule(trials: Sequence[Trial], reference_set: ReferenceSet) -> Rule:
    """Weights by logistic regression over all pairs; the cut-off by the errors of whole searches."""
    measured = [_columns(trial.index.measure(trial.query, reference_set)) for trial in trials]
    weights = _weights(np.concatenate(measured), np.concatenate([trial.fits for trial in trials]))
    evidence = [columns @ weights for columns in measured]
    best_right = [
        float(row[trial.fits].max()) for row, trial in zip(evidence, trials, strict=True) if trial.present
    ]
    best_wrong = [float(row.max()) for row, trial in zip(evidence, trials, strict=True) if not trial.present]
    z_score, similarity, words = (float(weight) for weight in weights)
    cut = best_cut(best_right, best_wrong)
    return Rule(z_score=z_score, similarity=similarity, words=words, cut=cut)


def best_cut(right: Sequence[float], wrong: Sequence[float]) -> float:
    """The cut-off with the lowest sum of miss rate and false-hit rate; the median of the best."""
    values = np.unique(np.array([*right, *wrong]))
    cuts = np.concatenate([values[:1] - 1, (values[1:] + values[:-1]) / 2, values[-1:] + 1])
    missed = np.searchsorted(np.sort(right), cuts) / len(right)
    false = 1 - np.searchsorted(np.sort(wrong), cuts) / len(wrong)
    return float(np.median(cuts[missed + false <= (missed + false).min() + 1e-9]))


def _weights(measured: Floats, fits: Truth) -> Floats:
    """Of the three measures, [F]. A measure whose weight would be negative is left out."""
    used = np.arange(measured.shape[1])
    while True:
        fitted = logistic_regression(measured[:, used], fits.astype(np.float64))
        if (fitted > 0).all() or len(used) == 1:
            weights = np.zeros(measured.shape[1])
            weights[used] = np.maximum(fitted, 0)
            return weights
        used = used[fitted > 0] if (fitted > 0).any() else used[:1]


def logistic_regression(measured: Floats, right: Floats) -> Floats:
    """Weights [F] with which measured [P, F] predicts right [P], 0 or 1, by Newton's method.

    The intercept is fitted and not returned.
    """
    deviations = np.maximum(measured.std(axis=0), 1e-9)
    columns = np.column_stack([measured / deviations, np.ones(len(measured))])  # [P, F + 1]
    ridge = RIDGE * len(measured) * np.diag([1.0] * measured.shape[1] + [1e-6])
    weights = np.zeros(columns.shape[1])
    for _ in range(NEWTON_STEPS):
        expected = 1 / (1 + np.exp(-np.clip(columns @ weights, -40, 40)))
        slope = columns.T @ (expected - right) + ridge @ weights
        curve = (columns * (expected * (1 - expected))[:, None]).T @ columns + ridge
        step = np.linalg.solve(curve, slope)
        weights -= np.clip(step, -5, 5)
        if np.abs(step).max() < 1e-8:
            break
    coefficients: Floats = weights[:-1] / deviations
    return coefficients


def _columns(measures: Measures) -> Floats:
    """In the order of `Rule`: [N, F]."""
    return np.stack([measures.z_score, measures.similarity, measures.words], axis=1).astype(np.float64)


def _reference_set(data: RetrievalData, places: Places, revision: str) -> ReferenceSet:
    counts = Counter(word for words in all_terms(data.texts[p] for p in places) for word in words)
    calibration = Calibration(
        revision=revision, rule=UNFITTED, texts=len(places), words=dict(sorted(counts.items())), fitted={}
    )
    return ReferenceSet(calibration, data.vectors[places].astype(np.float16))


def _trial(data: RetrievalData, query: int, places: Places, *, present: bool) -> Trial:
    photos = [
        IndexedPhoto(id=str(row), vectors=data.vectors[place], text=data.texts[place], timestamp=row)
        for row, place in enumerate(places)
    ]
    search_query = SearchQuery(text=data.queries[query], vector=data.query_vectors[query])
    return Trial(search_query, SearchIndex(photos), data.fits[query, places], present)


def _record(scores: NoMatchScores) -> dict[str, float]:
    """The scores under the names that search.json gives them."""
    named = {
        "found": scores.hit_rate,
        "first": scores.top_1,
        "right": scores.precision,
        "nothing": scores.rejection,
    }
    return {name: round(float(value), 4) for name, value in named.items()}
