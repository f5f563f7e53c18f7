"""VQA accuracy of answers, overall and by kind of answer."""

from collections import Counter
from collections.abc import Sequence

from vlm.lab.evaluation.captions import ScoredExamples
from vlm.lab.evaluation.examples import Example
from vlm.lab.evaluation.items import EvaluationItem
from vlm.lab.evaluation.statistics import ratio
from vlm.lab.scores.vqa import vqa_accuracy

OVERALL = "accuracy"


def score_answers(items: Sequence[EvaluationItem], answers: Sequence[str]) -> ScoredExamples:
    """Examples, scores by name, and notes about the metrics."""
    right = [vqa_accuracy(text, item.references) for item, text in zip(items, answers, strict=True)]
    examples = [_example(item, text, score) for item, text, score in zip(items, answers, right, strict=True)]
    by_kind: dict[str, list[float]] = {}
    for item, score in zip(items, right, strict=True):
        by_kind.setdefault(item.kind, []).append(score)
    scores = {OVERALL: sum(right) / len(right)}
    scores |= {
        _name(kind): sum(accuracies) / len(accuracies) for kind, accuracies in sorted(by_kind.items()) if kind
    }
    note = "VQA accuracy with the official normalisation: wholly right if three people gave the same answer"
    return examples, scores, (note,)


def _name(kind: str) -> str:
    return f"{OVERALL}, {kind}"


def _example(item: EvaluationItem, answer: str, right: float) -> Example:
    people = Counter(item.references).most_common()
    parts = {OVERALL: ratio(right)} | ({_name(item.kind): ratio(right)} if item.kind else {})
    return Example(
        id=item.id,
        unit=item.unit,
        picture=str(item.path.resolve()),
        prompt=item.prompt,
        kind=item.kind,
        references=tuple(f"{text} × {count}" if count > 1 else text for text, count in people),
        prediction=answer,
        score=right,
        mark=f"{right:.0%} right",
        parts=parts,
    )
