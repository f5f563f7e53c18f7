"""CIDEr-D of captions, by the pure-Python scorer of pycocoevalcap.

What differs from the published pipeline: `vlm.lab.scores.ptb_tokenizer` cuts captions into words instead of
Stanford's tokenizer, which needs Java. Papers print CIDEr times 100: their 144.5 is 1.445 here.

An n-gram weighs less the more pictures have it in their references, so a score depends on its set of
references: scores of different sets, or of a set and a subset, are not comparable. A single picture always
scores 0.
Source:  Vedantam et al. 2015.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from vlm.lab.optional_deps import import_optional
from vlm.lab.scores.ptb_tokenizer import tokenize


@dataclass(frozen=True, slots=True)
class Cider:
    """The mean over the pictures, and each picture's own: 0 to 10, a person's caption about 1."""

    score: float
    per_image: tuple[float, ...]


def cider(hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Cider:
    """CIDEr-D of each hypothesis against its picture's references.

    Raises:  BadRequest where pycocoevalcap is missing, ValueError for a hypothesis without a reference.
    """
    if not hypotheses or len(hypotheses) != len(references) or not all(references):
        raise ValueError("CIDEr needs one or more hypotheses, and references for each of them")
    scorer = import_optional("pycocoevalcap.cider.cider_scorer").CiderScorer(n=4, sigma=6.0)
    for hypothesis, image_references in zip(hypotheses, references, strict=True):
        scorer += (
            " ".join(tokenize(hypothesis)),
            [" ".join(tokenize(reference)) for reference in image_references],
        )
    mean, per_image = scorer.compute_score()
    return Cider(float(mean), tuple(float(score) for score in per_image))
