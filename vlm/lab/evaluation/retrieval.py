"""Retrieval by captions: recall and median rank, both ways.

Letters:  N pictures, T texts (several a picture).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vlm.lab.evaluation.captions import ScoredExamples
from vlm.lab.evaluation.embedding import similarities
from vlm.lab.evaluation.examples import Example
from vlm.lab.evaluation.items import EvaluationItem
from vlm.lab.evaluation.predictions import Prediction
from vlm.lab.evaluation.statistics import Statistics, ratio
from vlm.lab.scores.ranks import CUTS, first_right, median_rank, recall_at

TO_PICTURE, TO_TEXT = "text to picture", "picture to text"
SHOWN = 3  # pictures that came up, on the page

Ranks = NDArray[np.int64]


def score_retrieval(items: Sequence[EvaluationItem], predictions: Sequence[Prediction]) -> ScoredExamples:
    """Examples (one for each picture, with its worst query), scores by name, and notes."""
    counts = [len(item.references) for item in items]
    similarity = similarities(predictions, counts)  # [T, N]
    owner = np.repeat(np.arange(len(items)), counts)  # [T], the picture that a text was written of
    right = owner[:, None] == np.arange(len(items))  # [T, N]
    to_picture, to_text = first_right(similarity, right), first_right(similarity.T, right.T)  # [T], [N]
    scores: dict[str, float] = {}
    for way, ranks in ((TO_PICTURE, to_picture), (TO_TEXT, to_text)):
        scores |= {f"{way} R@{k}": recall_at(ranks, k) for k in CUTS}
        scores[f"{way} median rank"] = median_rank(ranks)
    examples = [
        _example(
            items, number, similarity[owner == number], to_picture[owner == number], int(to_text[number])
        )
        for number in range(len(items))
    ]
    note = f"Search by the contrastive head alone among {len(items):,} pictures: no slower head ranks anew"
    return examples, scores, (note,)


def _example(
    items: Sequence[EvaluationItem],
    number: int,
    similarity: NDArray[np.float32],
    ranks: Ranks,
    text_rank: int,
) -> Example:
    """`similarity` [C, N] and `ranks` [C] are of the picture's own texts."""
    item, worst = items[number], int(ranks.argmax())
    others = np.delete(similarity[worst], number)
    lead = similarity[worst, number] - others.max() if len(others) else 0.0
    best = np.argsort(-similarity[worst], kind="stable")[:SHOWN]
    return Example(
        id=item.id,
        unit=item.unit,
        picture=str(item.path.resolve()),
        prompt=item.references[worst],
        references=item.references,
        score=float(lead),
        mark=f"rank {ranks[worst]:,} of {len(items):,}",
        retrieved=tuple(str(items[place].path.resolve()) for place in best),
        parts={**_parts(TO_PICTURE, ranks), **_parts(TO_TEXT, np.array([text_rank]))},
    )


def _parts(way: str, ranks: Ranks) -> dict[str, Statistics]:
    return {f"{way} R@{k}": ratio(int((ranks <= k).sum()), len(ranks)) for k in CUTS}
