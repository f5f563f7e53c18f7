"""BLEU-1 to BLEU-4 of captions by sacrebleu, and the BLEU of COCO papers and of tutorials.

    bleu            sacrebleu on lower-cased text with its tokenizer 13a. Report this one, with its signature
    coco_bleu       sacrebleu on PTB-like words without punctuation: what papers on COCO print as B@4
    tutorial_bleu   as tutorials on Flickr8k compute it; higher, and comparable with nothing but itself

All are 0 to 1. References: one or more for each hypothesis, not the same number for all.
Source:  Papineni et al. 2002; Post 2018, 'A Call for Clarity in Reporting BLEU Scores'.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from math import exp, log

from vlm.lab.optional_deps import import_optional
from vlm.lab.scores.ptb_tokenizer import tokenize

ORDERS = (1, 2, 3, 4)
TUTORIAL_WEIGHTS = ((1.0,), (0.5, 0.5), (0.3, 0.3, 0.3), (0.25, 0.25, 0.25, 0.25))


@dataclass(frozen=True, slots=True)
class Bleu:
    """BLEU-1, -2, -3 and -4 of a corpus, 0 to 1, and the signature of the metric."""

    scores: tuple[float, float, float, float]
    signature: str


def bleu(hypotheses: Sequence[str], references: Sequence[Sequence[str]], *, tokens: str = "13a") -> Bleu:
    """Corpus BLEU by sacrebleu, whatever the capitals; `tokens` is the name of its tokenizer.

    Raises:  BadRequest where sacrebleu is missing, ValueError for no hypotheses or one without a reference.
    """
    _check(hypotheses, references)
    metric = import_optional("sacrebleu.metrics").BLEU
    streams = [
        list(stream) for stream in zip_longest(*references)
    ]  # [references, hypotheses], None where fewer
    scores = []
    for order in ORDERS:
        scorer = metric(lowercase=True, force=True, max_ngram_order=order, tokenize=tokens)
        scores.append(scorer.corpus_score(list(hypotheses), streams).score / 100)
    bleu_1, bleu_2, bleu_3, bleu_4 = scores
    return Bleu((bleu_1, bleu_2, bleu_3, bleu_4), str(scorer.get_signature()))


def coco_bleu(hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Bleu:
    """BLEU on words without punctuation, as COCO's caption code has it (`tokenize` says where it differs)."""
    hypothesis_words = [" ".join(tokenize(hypothesis)) for hypothesis in hypotheses]
    reference_words = [[" ".join(tokenize(reference)) for reference in group] for group in references]
    return bleu(hypothesis_words, reference_words, tokens="none")


def tutorial_bleu(hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Bleu:
    """BLEU as the captioning tutorials compute it with nltk's corpus_bleu, to stand beside their figures.

    Three things raise it: a start and an end token count as words that are always right, BLEU-3 has the
    weights .3, .3, .3, which sum to .9, and words with digits, one letter or punctuation are dropped first.
    """
    _check(hypotheses, references)
    hypothesis_words = [_cleaned(hypothesis) for hypothesis in hypotheses]
    reference_words = [[_cleaned(reference) for reference in group] for group in references]
    logs = [_log_precision(hypothesis_words, reference_words, order) for order in ORDERS]
    penalty = _log_brevity(hypothesis_words, reference_words)
    bleu_1, bleu_2, bleu_3, bleu_4 = (
        exp(penalty + sum(weight * each for weight, each in zip(weights, logs, strict=False)))
        for weights in TUTORIAL_WEIGHTS
    )
    signature = "tutorial: as nltk, start and end counted, BLEU-3 weights .3 .3 .3"
    return Bleu((bleu_1, bleu_2, bleu_3, bleu_4), signature)


def _check(hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> None:
    if not hypotheses or len(hypotheses) != len(references) or not all(references):
        raise ValueError("BLEU needs one or more hypotheses, and references for each of them")


def _cleaned(caption: str) -> list[str]:
    letters = "".join(letter for letter in caption.lower() if letter.isalnum() or letter.isspace())
    return ["startseq", *(word for word in letters.split() if len(word) > 1 and word.isalpha()), "endseq"]


def _ngrams(sentence: Sequence[str], order: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(sentence[start:] for start in range(order)), strict=False))


def _log_precision(
    hypothesis_words: Sequence[list[str]], reference_words: Sequence[list[list[str]]], order: int
) -> float:
    """Log of the share of n-grams that a reference has too, each counted as often as in one of them."""
    hits = total = 0
    for hypothesis, references in zip(hypothesis_words, reference_words, strict=True):
        ngrams = _ngrams(hypothesis, order)
        allowed: Counter[tuple[str, ...]] = Counter()
        for reference in references:
            allowed |= _ngrams(reference, order)
        hits += (ngrams & allowed).total()
        total += ngrams.total()
    return log(hits / total) if hits else float("-inf")


def _log_brevity(hypothesis_words: Sequence[list[str]], reference_words: Sequence[list[list[str]]]) -> float:
    """Log of the brevity penalty, against the reference whose length is nearest; the shorter one of two."""
    length = sum(map(len, hypothesis_words))
    nearest = sum(
        min((abs(len(reference) - len(hypothesis)), len(reference)) for reference in references)[1]
        for hypothesis, references in zip(hypothesis_words, reference_words, strict=True)
    )
    return min(0.0, 1 - nearest / length)
