"""Whether search says 'nothing' where there is nothing: people's words, and pictures without their object.

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
    """Queries of one or two words, with the truth by what people wrote; None where there are hardly any."""
    searches = caption_query_set([item.references for item in items], QUERIES)
    if not searches.texts:
        return None
    prompt = engine.embed_text(searches.texts)  # [S, E]
    found = [np.frombuffer(one.pictures, np.float16).reshape(-1, prompt.shape[1]) for one in predictions]
    return RetrievalData(
        vectors=np.stack(found),
        texts=[one.text for one in predictions],
        queries=searches.texts,
        query_vectors=prompt,
        fits=searches.fits,
        related=searches.related,
    )


def score_no_match(
    given: RetrievalData, reference_set: ReferenceSet | None
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Scores of the search as users have it, and a note on how they came about."""
    how = "the cut-off fitted for this model" if reference_set else "a rule of thumb, as none was fitted"
    return _named(no_match_test(given, reference_set)), _note(how)


def fit_cutoff(given: RetrievalData, *, revision: str, seed: int) -> Fitted:
    """A cut-off fitted on one half, scores on the other, a note. Raises BadRequest for too little data."""
    reference_set, absent = fit(given, revision=revision, seed=seed)
    return (
        reference_set,
        _named(absent),
        _note("a cut-off fitted here, on other pictures and queries"),
    )


def _named(absent: NoMatchScores) -> dict[str, float]:
    return {
        "present queries found": absent.found,
        "present queries, best hit right": absent.first,
        "absent queries answered by nothing": absent.nothing,
        "miss rate": 1 - absent.found,
        "false-hit rate": 1 - absent.nothing,
    }


def _note(how: str) -> tuple[str, ...]:
    return (
        f"Present and absent queries: words that people wrote, in up to {GALLERY} pictures with and without "
        f"what they name, by {how}; what nobody mentioned counts as absent",
    )
