"""Captions against what people wrote: BLEU, CIDEr, and BLEU in the two ways that make published figures."""

from collections.abc import Sequence

from vlm.lab.evaluation.examples import Example
from vlm.lab.evaluation.items import Item
from vlm.lab.evaluation.parts import bleu_parts, share
from vlm.lab.scores.bleu import bleu, coco_bleu, tutorial_bleu
from vlm.lab.scores.cider import cider

Scored = tuple[list[Example], dict[str, float], tuple[str, ...]]


def score_captions(items: Sequence[Item], said: Sequence[str]) -> Scored:
    """Examples, scores by name, and notes on how they came about."""
    truths = [item.truths for item in items]
    whole, coco, tutorial = bleu(said, truths), coco_bleu(said, truths), tutorial_bleu(said, truths)
    consensus = cider(said, truths)
    scores = {f"BLEU-{n}": value for n, value in enumerate(whole.scores, 1)}
    scores["CIDEr"] = consensus.score
    scores |= {f"BLEU-{n}, as papers on COCO": value for n, value in enumerate(coco.scores, 1)}
    scores |= {f"BLEU-{n}, as tutorials": value for n, value in enumerate(tutorial.scores, 1)}
    examples = [
        _example(item, text, each) for item, text, each in zip(items, said, consensus.each, strict=True)
    ]
    return examples, scores, _notes(whole.signature, tutorial.signature)


def _example(item: Item, said: str, consensus: float) -> Example:
    return Example(
        id=item.id,
        unit=item.unit,
        picture=str(item.path.resolve()),
        truths=item.truths,
        said=said,
        score=consensus,
        mark=f"CIDEr {consensus:.2f}",
        parts={"CIDEr": share(consensus), **bleu_parts(said, item.truths)},
    )


def _notes(signature: str, tutorial: str) -> tuple[str, ...]:
    return (
        f"BLEU: sacrebleu, {signature}",
        "BLEU, as papers on COCO: the same on words without punctuation, close to their Java tokenizer",
        f"BLEU, as tutorials: to be compared with tutorials only ({tutorial.removeprefix('tutorial: ')})",
        "CIDEr-D: pycocoevalcap on the same words; depends on the set of pictures; papers print it times 100",
    )
