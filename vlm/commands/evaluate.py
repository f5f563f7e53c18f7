"""`vlm evaluate` and `vlm compare`: a model's scores on data whose truth is known, alone and side by side."""

import re
import shlex
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vlm.commands.models import load_engine, options, prepare
from vlm.commands.output import put, remark
from vlm.errors import ModelNotFound
from vlm.settings import Settings

ECHO: Final = "echo"  # the engine of tests, without weights or device

if TYPE_CHECKING:
    from vlm.lab.evaluation.items import EvaluationData
    from vlm.lab.evaluation.results import EvaluationResult
    from vlm.lab.evaluation.run import EvaluationPlan


def evaluate(arguments: Namespace, settings: Settings) -> int:
    """Run one task to its end; the exit status."""
    prepare(settings.model, settings.threads)
    if arguments.task == "scenes":
        return _scenes(arguments, settings)
    if arguments.task == "translate":
        return _translate(arguments, settings)
    from vlm.lab.evaluation.run import evaluate
    from vlm.search.calibration import FOLDER

    data = _data(arguments)  # before the model: a wrong path is told at once
    engine = load_engine(settings)
    pinned = {"name": engine.info.name, "revision": engine.info.revision, **_quantization(settings)}
    searches = arguments.task == "retrieval"
    plan = _plan(
        arguments,
        pinned,
        data,
        home=_checkpoint_folder(settings) if searches else None,
        fit=searches and arguments.fit,
    )
    _print_result(evaluate(engine, plan), plan.out)
    if plan.fit and plan.home:
        remark(f"The cut-off is kept in {plan.home / FOLDER}; searches with this model use it from now on.")
    return 0


def compare(results: Sequence[Path], *, page: Path | None, seed: int) -> int:
    """Put finished runs side by side; the exit status."""
    from vlm.lab.evaluation.comparison import compare_runs, render_page, render_table

    comparison = compare_runs(results, seed=seed)
    put(render_table(comparison))
    if page is not None:
        page.write_text(render_page(comparison), encoding="utf-8")
        remark(f"To look at it, open {page}")
    return 0


def _translate(arguments: Namespace, settings: Settings) -> int:
    from vlm.engine.checkpoints import open_translator
    from vlm.engine.source import find_translator
    from vlm.lab.evaluation.items import parallel_data
    from vlm.lab.evaluation.run import evaluate_translator

    data = parallel_data(arguments.data, limit=arguments.limit, seed=arguments.seed)
    source = find_translator(arguments.model)
    translator = open_translator(arguments.model, device=settings.device)

    def translate(texts: Sequence[str], source: str, target: str) -> list[str]:
        return [one.text for one in translator.translate(texts, source, target)]

    plan = _plan(arguments, {"name": translator.name, "revision": source.revision}, data)
    return _print_result(evaluate_translator(translate, plan), plan.out)


def _plan(
    arguments: Namespace, model: dict[str, Any], data: "EvaluationData", **options: Any
) -> "EvaluationPlan":
    from vlm.lab.evaluation.run import EvaluationPlan

    return EvaluationPlan(
        task=arguments.task, model=model, data=data, out=arguments.out or _folder(arguments),
        command=_command_line(arguments), batch=arguments.batch, fresh=arguments.fresh,
        **options,
    )  # fmt: skip


def _print_result(result: "EvaluationResult", out: Path) -> int:
    from vlm.lab.evaluation.results import table

    put(table(result))
    remark(f"To look at it, open {out / 'report.html'}")
    return 0


def _scenes(arguments: Namespace, settings: Settings) -> int:
    from vlm.lab.evaluate import evaluate_tiny

    evaluate_tiny(
        settings.model,
        count=arguments.count,
        seed=arguments.seed,
        quant=settings.quant or "none",
        glyphs=arguments.glyphs,
        out=arguments.out,
        command=_command_line(arguments),
    )
    return 0


def _data(arguments: Namespace) -> "EvaluationData":
    from vlm.lab.evaluation.items import pictures_data, questions_data

    drawn = {"limit": arguments.limit, "seed": arguments.seed}
    if arguments.task == "vqa":
        return questions_data(arguments.data, split=arguments.split, **drawn)
    return pictures_data(arguments.data, layout=arguments.layout, split=arguments.split, **drawn)


def _command_line(arguments: Namespace) -> str:
    return shlex.join(["vlm", *arguments.typed])


def _checkpoint_folder(settings: Settings) -> Path | None:
    """The folder of the checkpoint; None for an engine that has none of the kind."""
    from vlm.engine.source import find_checkpoint

    try:
        return find_checkpoint(settings.model, settings.revision).folder
    except ModelNotFound:
        return None


def _quantization(settings: Settings) -> dict[str, Any]:
    """How the model runs, as far as it changes what the model says."""
    if settings.model == ECHO:
        return {}
    from vlm.engine.checkpoints import pick_device

    on_gpu = pick_device(settings.device).type == "cuda"
    quant = settings.quant or ("int8" if on_gpu else "none")
    ways = {"dtype": settings.dtype, "beams": settings.beams, "int8_threshold": settings.int8_threshold}
    plain = options(Settings())
    return {"quant": quant} | {name: value for name, value in ways.items() if value != getattr(plain, name)}


def _folder(arguments: Namespace) -> Path:
    """runs/caption-tiny-scenes."""
    quant = getattr(arguments, "quant", None) or ""
    parts = (arguments.task, arguments.model, quant, arguments.data.resolve().name)
    return Path("runs") / "-".join(re.sub(r"[^\w.]+", "_", part).strip("_") for part in parts if part)
