"""Answers against what people answered: VQA accuracy, in all and by kind of answer."""

from collections import Counter
from collections.abc import Sequence

from vlm.lab.evaluation.captions import Scored
from vlm.lab.evaluation.examples import Example
from vlm.lab.evaluation.items import Item
from vlm.lab.evaluation.parts import share
from vlm.lab.scores.vqa import vqa_accuracy

OVERALL = "accuracy"


def score_answers(items: Sequence[Item], said: Sequence[str]) -> Scored:
    """Examples, scores by name, and notes on how they came about."""
    right = [vqa_accuracy(text, item.truths) for item, text in zip(items, said, strict=True)]
    examples = [_example(item, text, score) for item, text, score in zip(items, said, right, strict=True)]
    by_kind: dict[str, list[float]] = {}
    for item, score in zip(items, right, strict=True):
        by_kind.setdefault(item.kind, []).append(score)
    scores = {OVERALL: sum(right) / len(right)}
    scores |= {_name(kind): sum(some) / len(some) for kind, some in sorted(by_kind.items()) if kind}
    note = "VQA accuracy with the official normalisation: wholly right if three people gave the same answer"
    return examples, scores, (note,)


def _name(kind: str) -> str:
    return f"{OVERALL}, {kind}"


def _example(item: Item, said: str, right: float) -> Example:
    people = Counter(item.truths).most_common()
    parts = {OVERALL: share(right)} | ({_name(item.kind): share(right)} if item.kind else {})
    return Example(
        id=item.id,
        unit=item.unit,
        picture=str(item.path.resolve()),
        asked=item.asked,
        kind=item.kind,
        truths=tuple(f"{answer} × {count}" if count > 1 else answer for answer, count in people),
        said=said,
        score=right,
        mark=f"{right:.0%} right",
        parts=parts,
    )
