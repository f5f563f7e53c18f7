"""Evaluate searches with and without a match: queries from captions, pictures with and without their object.

S queries, N pictures, Q vectors of each, E their width
"""

from collections.abc import Sequence

import numpy as np

from vlm.engine.base import Engine
from vlm.lab.calibration import GALLERY, NoMatchScores, RetrievalData, fit, no_match_test
from vlm.lab.evaluation.items import EvaluationItem
from vlm.lab.evaluation.predictions import Prediction
from vlm.lab.query_sets import caption_query_set
from vlm.search.calibration import ReferenceSet

QUERIES = 500

Fitted = tuple[ReferenceSet, dict[str, float], tuple[str, ...]]


def retrieval_data(
    engine: Engine, items: Sequence[EvaluationItem], predictions: Sequence[Prediction]
) -> RetrievalData | None:
    """Queries of one or two words of the captions, with their matches; None if there are none."""
    query_set = caption_query_set([item.references for item in items], QUERIES)
    if not query_set.texts:
        return None
    query_vectors = engine.embed_text(query_set.texts)  # [S, E]
    vectors = [
        np.frombuffer(prediction.pictures, np.float16).reshape(-1, query_vectors.shape[1])
        for prediction in predictions
    ]
    return RetrievalData(
        vectors=np.stack(vectors),
        texts=[prediction.text for prediction in predictions],
        queries=query_set.texts,
        query_vectors=query_vectors,
        fits=query_set.fits,
        related=query_set.related,
    )


def score_no_match(
    data: RetrievalData, reference_set: ReferenceSet | None
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Scores of the search as users have it, and a note about the cut-off."""
    cutoff = "the cut-off fitted for this model" if reference_set else "a rule of thumb, as none was fitted"
    return _by_name(no_match_test(data, reference_set)), _note(cutoff)


def fit_cutoff(data: RetrievalData, *, revision: str, seed: int) -> Fitted:
    """A fitted cut-off, its scores on other data, and a note. Raises BadRequest for too little data."""
    reference_set, scores = fit(data, revision=revision, seed=seed)
    return (
        reference_set,
        _by_name(scores),
        _note("a cut-off fitted here, on other pictures and queries"),
    )


def _by_name(scores: NoMatchScores) -> dict[str, float]:
    return {
        "present queries found": scores.hit_rate,
        "present queries, best hit right": scores.top_1,
        "absent queries answered by nothing": scores.rejection,
        "miss rate": 1 - scores.hit_rate,
        "false-hit rate": 1 - scores.rejection,
    }


def _note(cutoff: str) -> tuple[str, ...]:
    return (
        f"Present and absent queries: words that people wrote, in up to {GALLERY} pictures with and without "
        f"what they name, by {cutoff}; what nobody mentioned counts as absent",
    )
