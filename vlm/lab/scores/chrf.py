"""chrF of translations, by sacrebleu: F-score of character n-grams, suited to inflected languages.

Source:  Popović 2015.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from vlm.lab.optional_deps import import_optional


@dataclass(frozen=True, slots=True)
class Chrf:
    """chrF2 of a corpus, 0 to 1, and the signature of the metric."""

    score: float
    signature: str


def chrf(hypotheses: Sequence[str], references: Sequence[str]) -> Chrf:
    """Corpus chrF2 by sacrebleu, with one reference for each hypothesis.

    Raises:  BadRequest where sacrebleu is missing, ValueError where the two are not equally many.
    """
    if not hypotheses or len(hypotheses) != len(references):
        raise ValueError("chrF needs one or more hypotheses, and a reference for each of them")
    scorer = import_optional("sacrebleu.metrics").CHRF()
    corpus = scorer.corpus_score(list(hypotheses), [list(references)])
    return Chrf(corpus.score / 100, str(scorer.get_signature()))
