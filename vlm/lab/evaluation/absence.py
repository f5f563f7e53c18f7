"""Whether search says 'nothing' where there is nothing: people's words, and pictures without their object.

S queries, N pictures, Q vectors of each, E their width
"""

from collections.abc import Sequence

import numpy as np

from vlm.engine.base import Engine
from vlm.lab.calibration import GALLERY, Absent, Material, absent_test, fit
from vlm.lab.evaluation.items import Item
from vlm.lab.evaluation.predictions import Prediction
from vlm.lab.searches import of_captions
from vlm.search.calibration import ReferenceSet

QUERIES = 500

Fitted = tuple[ReferenceSet, dict[str, float], tuple[str, ...]]


def material(engine: Engine, items: Sequence[Item], predictions: Sequence[Prediction]) -> Material | None:
    """Queries of one or two words, with the truth by what people wrote; None where there are hardly any."""
    searches = of_captions([item.truths for item in items], QUERIES)
    if not searches.texts:
        return None
    asked = engine.embed_text(searches.texts)  # [S, E]
    found = [np.frombuffer(one.pictures, np.float16).reshape(-1, asked.shape[1]) for one in predictions]
    return Material(
        vectors=np.stack(found),
        texts=[one.text for one in predictions],
        queries=searches.texts,
        query_vectors=asked,
        fits=searches.fits,
        related=searches.related,
    )


def tested(given: Material, reference_set: ReferenceSet | None) -> tuple[dict[str, float], tuple[str, ...]]:
    """Scores of the search as users have it, and a note on how they came about."""
    how = "the cut-off fitted for this model" if reference_set else "a rule of thumb, as none was fitted"
    return _named(absent_test(given, reference_set)), _note(how)


def fitted(given: Material, *, revision: str, seed: int) -> Fitted:
    """A cut-off fitted on one half, scores on the other, a note. Raises BadRequest for too little data."""
    reference_set, absent = fit(given, revision=revision, seed=seed)
    return (
        reference_set,
        _named(absent),
        _note("a cut-off fitted here, on other pictures and queries"),
    )


def _named(absent: Absent) -> dict[str, float]:
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
