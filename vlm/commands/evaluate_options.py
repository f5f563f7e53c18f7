"""The options of `vlm evaluate` and `vlm compare`, and their help."""

import argparse
from pathlib import Path
from typing import Any, Final

from vlm.commands.options import add_command, counting, seed
from vlm.settings import Settings

EVALUATE: Final = """\
Score a model on data with known references, through the engine that serves users.

  caption    BLEU-1 to 4 and CIDEr of captions                            a folder of captioned pictures
  vqa        VQA accuracy of answers, overall and by kind of answer        a folder in VQAv2's layout
  retrieval  recall and median rank both ways; queries without a match    a folder of captioned pictures
  translate  chrF, BLEU and exact share, into English and from it          a file of parallel lines (JSONL)
  scenes     exact scores on held-out drawn scenes                         none: they are drawn

Predictions are stored as they come. An interrupted run continues where it stopped, except for scenes, which
take some minutes.
"""
EVALUATE_EPILOG: Final = """\
examples:
  vlm evaluate scenes --model tiny
  vlm scenes data/scenes --count 200 --layout flickr8k --seed 1
  vlm evaluate caption --model tiny --data data/scenes --limit 100
  vlm compare runs/one/result.json runs/other/result.json
"""
RUN: Final = """
results, in the folder OUT:
  result.json  result.md   the scores, with all that is needed to reproduce them
  report.html              best, worst and random examples, for a browser
  examples.jsonl           each example's prediction and its share in the scores, for `vlm compare`
  predictions.jsonl        the predictions as they came; an interrupted run continues from here
"""
CAPTIONED: Final = "a folder: Flickr8k, Flickr30k or COCO as published, or pictures with JSONL or .txt files"
DATA: Final = {
    "caption": CAPTIONED,
    "retrieval": CAPTIONED,
    "vqa": "a folder with VQAv2's questions, annotations and pictures",
    "translate": 'a file of lines like {"en": "a cat", "de": "eine Katze"}',
}
SHORT: Final = {
    "caption": "score captions against people's captions",
    "vqa": "score answers against people's answers",
    "retrieval": "score search by people's captions",
    "translate": "score translations against parallel lines",
    "scenes": "score everything, on drawn scenes",
}
COMPARE: Final = """\
Compare finished runs of `vlm evaluate`: each score with its 95 % confidence interval, and each run's
difference from the first run. The intervals come from bootstrap resamples of the pictures: they show how
much a score would vary on other pictures of the same kind. All runs must have been scored on the same data.
"""
COMPARE_EPILOG: Final = """\
example:
  vlm compare runs/tiny/result.json runs/classic/result.json --html comparison.html
"""


def add_parser(commands: Any) -> None:
    """Add both commands."""
    evaluate = add_command(commands, "evaluate", "score a model", EVALUATE, EVALUATE_EPILOG, run=run)
    tasks = evaluate.add_subparsers(dest="task", metavar="TASK", required=True)
    for task in ("caption", "vqa", "retrieval", "translate"):
        _add_run(tasks, task)
    _add_scenes(tasks)
    compare = add_command(commands, "compare", "put scores side by side", COMPARE, COMPARE_EPILOG, run=run)
    compare.add_argument(
        "results", metavar="RESULT", type=Path, nargs="+", help="a result.json, or its folder"
    )
    compare.add_argument("--html", metavar="FILE", type=Path, help="also write a page")
    compare.add_argument("--seed", type=seed, default=0, help="seed of the resamples (default: 0)")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Score a model, or compare finished runs."""
    from vlm.commands import evaluate

    if arguments.command == "compare":
        return evaluate.compare(arguments.results, page=arguments.html, seed=arguments.seed)
    return evaluate.evaluate(arguments, settings)


def _add_run(tasks: Any, task: str) -> None:
    command = add_command(tasks, task, SHORT[task], SHORT[task].capitalize() + ".\n", RUN)
    what = "a translator's folder" if task == "translate" else "tiny, a checkpoint folder or a hub id"
    if task == "caption":
        what += ", or classic:FOLDER"
    command.add_argument("--model", metavar="M", default="tiny", help=f"{what} (default: tiny)")
    command.add_argument("--data", metavar="PATH", type=Path, required=True, help=DATA[task])
    if task in ("caption", "retrieval"):
        command.add_argument(
            "--layout", metavar="L", default="auto",
            help="flickr8k, csv, karpathy, coco, jsonl or sidecars (default: detected)",
        )  # fmt: skip
    if task != "translate":
        split = "val" if task == "vqa" else "test"
        command.add_argument("--split", default=split, help=f"train, val, test or all (default: {split})")
    unit = "lines" if task == "translate" else "pictures"
    command.add_argument("--limit", metavar="N", type=counting, help=f"only N {unit}, sampled by --seed")
    command.add_argument("--seed", type=seed, default=0, help="(default: 0)")
    command.add_argument("--batch", metavar="B", type=counting, default=16, help="batch size (default: 16)")
    if task != "translate":
        _add_quant(command)
    command.add_argument("--out", metavar="OUT", type=Path, help="a folder (default: runs/TASK-MODEL-DATA)")
    if task == "retrieval":
        command.add_argument(
            "--fit",
            action="store_true",
            help="fit the cut-off below which a search finds nothing; store it with M",
        )
    command.add_argument(
        "--fresh", action="store_true", help="discard the predictions in OUT and start again"
    )


def _add_scenes(tasks: Any) -> None:
    command = add_command(tasks, "scenes", SHORT["scenes"], SHORT["scenes"].capitalize() + ".\n", "")
    command.add_argument("--model", metavar="M", default="tiny", help="tiny or its folder (default: tiny)")
    command.add_argument("--count", type=counting, default=1000, help="pictures (default: 1000)")
    command.add_argument("--seed", type=seed, default=0, help="(default: 0)")
    command.add_argument(
        "--glyphs", metavar="FOLDER", type=Path,
        help="draw with another artist's emoji: PNGs named by code point (1f415.png)",
    )  # fmt: skip
    _add_quant(command)
    command.add_argument("--out", metavar="OUT", type=Path, help="a folder for result.json and result.md")


def _add_quant(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--quant", choices=["int8", "none"], help="quantization (default: int8 on a GPU, none on a CPU)"
    )
