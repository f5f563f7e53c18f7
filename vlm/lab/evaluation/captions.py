"""BLEU and CIDEr of captions, and BLEU as papers and tutorials compute it."""

from collections.abc import Sequence

from vlm.lab.evaluation.examples import Example
from vlm.lab.evaluation.items import EvaluationItem
from vlm.lab.evaluation.statistics import bleu_statistics, ratio
from vlm.lab.scores.bleu import bleu, coco_bleu, tutorial_bleu
from vlm.lab.scores.cider import cider

ScoredExamples = tuple[list[Example], dict[str, float], tuple[str, ...]]


def score_captions(items: Sequence[EvaluationItem], captions: Sequence[str]) -> ScoredExamples:
    """Examples, scores by name, and notes about the metrics."""
    references = [item.references for item in items]
    whole, coco, tutorial = (
        bleu(captions, references),
        coco_bleu(captions, references),
        tutorial_bleu(captions, references),
    )
    consensus = cider(captions, references)
    scores = {f"BLEU-{n}": value for n, value in enumerate(whole.scores, 1)}
    scores["CIDEr"] = consensus.score
    scores |= {f"BLEU-{n}, as papers on COCO": value for n, value in enumerate(coco.scores, 1)}
    scores |= {f"BLEU-{n}, as tutorials": value for n, value in enumerate(tutorial.scores, 1)}
    examples = [
        _example(item, caption, per_image)
        for item, caption, per_image in zip(items, captions, consensus.per_image, strict=True)
    ]
    return examples, scores, _notes(whole.signature, tutorial.signature)


def _example(item: EvaluationItem, caption: str, consensus: float) -> Example:
    return Example(
        id=item.id,
        unit=item.unit,
        picture=str(item.path.resolve()),
        references=item.references,
        prediction=caption,
        score=consensus,
        mark=f"CIDEr {consensus:.2f}",
        parts={"CIDEr": ratio(consensus), **bleu_statistics(caption, item.references)},
    )


def _notes(signature: str, tutorial: str) -> tuple[str, ...]:
    return (
        f"BLEU: sacrebleu, {signature}",
        "BLEU, as papers on COCO: the same on words without punctuation, close to their Java tokenizer",
        f"BLEU, as tutorials: to be compared with tutorials only ({tutorial.removeprefix('tutorial: ')})",
        "CIDEr-D: pycocoevalcap on the same words; depends on the set of pictures; papers print it times 100",
    )
