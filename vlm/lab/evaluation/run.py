"""One evaluation run: predict what is not predicted yet, score everything, write the results.

OUT/predictions.jsonl  ->  examples.jsonl, result.json, result.md, report.html
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from vlm.engine.base import Engine, Prompt
from vlm.engine.selfcheck import built_in_picture
from vlm.errors import BadRequest
from vlm.lab.evaluation.captions import ScoredExamples, score_captions
from vlm.lab.evaluation.embedding import predict_vectors
from vlm.lab.evaluation.examples import write_examples
from vlm.lab.evaluation.generation import predict_texts
from vlm.lab.evaluation.items import EvaluationData, EvaluationItem
from vlm.lab.evaluation.no_match import fit_cutoff, retrieval_data, score_no_match
from vlm.lab.evaluation.page import write_page
from vlm.lab.evaluation.predictions import Prediction, Predictions
from vlm.lab.evaluation.progress import ProgressReporter
from vlm.lab.evaluation.results import EvaluationResult, FailedItem, write_result
from vlm.lab.evaluation.retrieval import score_retrieval
from vlm.lab.evaluation.translations import Translate, predict_translations, score_translations
from vlm.lab.evaluation.vqa import score_answers
from vlm.search.calibration import load_reference_set

Predict = Callable[[Sequence[EvaluationItem]], Iterator[list[Prediction]]]
Search = Callable[[Sequence[EvaluationItem], Sequence[Prediction]], tuple[dict[str, float], tuple[str, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationPlan:
    """What to evaluate.

    model    identifies the model
    home     the folder of its checkpoint, which may hold the cut-off of its search
    command  the command line
    fit      for retrieval: fit the cut-off and store it with the model
    """

    task: str
    model: dict[str, Any]
    data: EvaluationData
    out: Path
    command: str
    batch: int = 16
    fresh: bool = False
    home: Path | None = None
    fit: bool = False

    @property
    def header(self) -> dict[str, Any]:
        """The header that the folder's earlier predictions must have."""
        return {"task": self.task, "model": self.model, "data": self.data.about}


def evaluate(engine: Engine, plan: EvaluationPlan) -> EvaluationResult:
    """Run the plan, or the rest of an interrupted run.

    Raises:  BadRequest for an engine that cannot do the task, or a folder that holds another run.
    """
    check_engine(engine, plan.task)
    if plan.task == "retrieval":
        search = partial(_score_no_match, engine, plan)
        return _run(plan, lambda items: predict_vectors(engine, items, plan.batch), search)
    return _run(plan, lambda items: predict_texts(engine, items, plan.batch))


def evaluate_translator(translate: Translate, plan: EvaluationPlan) -> EvaluationResult:
    """The same for a translator."""
    return _run(plan, lambda items: predict_translations(translate, items, plan.batch))


def _run(plan: EvaluationPlan, predict: Predict, search: Search | None = None) -> EvaluationResult:
    with Predictions(plan.out, plan.header, fresh=plan.fresh) as predictions:
        remaining = [item for item in plan.data.items if item.id not in predictions.done]
        progress = ProgressReporter(
            total=len(plan.data.items), done=len(plan.data.items) - len(remaining), unit="examples"
        )
        try:
            for batch in predict(remaining):
                predictions.add(batch)
                progress.add(len(batch))
        finally:
            progress.close()
        return _finish(plan, predictions.done, search)


def _finish(plan: EvaluationPlan, done: dict[str, Prediction], search: Search | None) -> EvaluationResult:
    """Score the predictions and write the files of the folder."""
    scored = [item for item in plan.data.items if not done[item.id].error]
    failures = [
        FailedItem(id=item.id, reason=done[item.id].error) for item in plan.data.items if done[item.id].error
    ]
    if not scored:
        raise BadRequest(
            f"Nothing could be scored. The first reason, for {failures[0].id}: {failures[0].reason}"
        )
    predictions = [done[item.id] for item in scored]
    examples, scores, notes = _score(plan.task, scored, predictions)
    if search is not None:
        search_scores, search_notes = search(scored, predictions)
        scores, notes = scores | search_scores, (*notes, *search_notes)
    result = EvaluationResult(
        command=plan.command,
        header=plan.header,
        scores=scores,
        notes=notes,
        examples=len(scored),
        failures=tuple(failures),
        seconds=round(sum(done[item.id].seconds for item in plan.data.items), 1),
    )
    write_examples(plan.out, examples)
    write_page(plan.out, result, examples)
    write_result(plan.out, result)  # last: it marks the run as finished
    return result


def _score_no_match(
    engine: Engine, plan: EvaluationPlan, items: Sequence[EvaluationItem], predictions: Sequence[Prediction]
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Scores of searches with and without a match, with the model's cut-off or one that is fitted now."""
    data, revision = retrieval_data(engine, items, predictions), engine.info.revision
    if data is None and plan.fit:
        raise BadRequest("A cut-off needs queries, and no word of these captions is rare enough to be one.")
    if data is None:
        return {}, ()
    if not plan.fit:
        return score_no_match(data, load_reference_set(plan.home, revision) if plan.home else None)
    reference_set, scores, notes = fit_cutoff(data, revision=revision, seed=plan.data.about["seed"])
    if plan.home:
        reference_set.save(plan.home)
    return scores, notes


def check_engine(engine: Engine, task: str) -> None:
    """Raise BadRequest if the engine cannot do the task: some only caption, some cannot search."""
    try:
        if task == "vqa":
            [encoded] = engine.encode([built_in_picture()])
            engine.generate([encoded.tokens], [Prompt(question="what is this?")])
        elif task == "retrieval":
            engine.embed_text(["a cat"])
    except BadRequest as error:
        raise BadRequest(f"{engine.info.name} cannot be evaluated on {task}: {error}") from error


def _score(task: str, items: Sequence[EvaluationItem], predictions: Sequence[Prediction]) -> ScoredExamples:
    match task:
        case "caption":
            return score_captions(items, [prediction.text for prediction in predictions])
        case "vqa":
            return score_answers(items, [prediction.text for prediction in predictions])
        case "translate":
            return score_translations(items, [prediction.text for prediction in predictions])
        case _:
            return score_retrieval(items, predictions)
