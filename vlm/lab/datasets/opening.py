"""Open a data set in a local folder, whichever of the published layouts it has.

    flickr8k   Flickr8k.token.txt, Flickr_8k.{train,dev,test}Images.txt
    csv        captions.txt: a CSV of image,caption (Flickr8k as Kaggle hosts it)
    karpathy   dataset_{flickr8k,flickr30k,coco}.json
    coco       annotations/captions_{train,val}{2014,2017}.json
    jsonl      *.jsonl beside the pictures
    sidecars   cat.txt beside cat.jpg

and for questions VQAv2 (v2_OpenEnded_mscoco_*_questions.json, v2_mscoco_*_annotations.json) or JSONL.
docs/datasets.md says where to get each. Nothing is downloaded, and no picture is decoded here.
"""

from collections.abc import Callable
from pathlib import Path

from vlm.errors import BadRequest, NotFound
from vlm.lab.datasets import folder as plain
from vlm.lab.datasets.example import Asked, Example
from vlm.lab.datasets.splits import SPLITS

ALL = "all"
Reader = Callable[[Path], list[Example]]
LAYOUTS = ("auto", "jsonl", "sidecars")


def open_captions(folder: Path, *, layout: str = "auto", split: str = "test") -> list[Example]:
    """The pictures of one split (train, val, test, or all) with their captions.

    Where a plain folder names no splits, its pictures have the split '' and belong to every one.
    Raises:  NotFound for a folder or files that are missing, BadRequest for files that are broken.
    """
    _check(folder, split)
    examples = _reader(folder, layout)(folder)
    chosen = [example for example in examples if split == ALL or example.split in (split, "")]
    if not chosen:
        there = ", ".join(sorted({example.split for example in examples})) or "none"
        raise NotFound(f"{folder} has no pictures with captions in the split {split} (it has: {there}).")
    return chosen


def open_questions(folder: Path, *, split: str = "val") -> list[Asked]:
    """The questions of one split with their pictures and answers.

    Raises:  NotFound for a folder or files that are missing, BadRequest for files that are broken.
    """
    _check(folder, split)
    questions = plain.jsonl_questions(folder, split)
    if not questions:
        raise NotFound(f"{folder} has no questions in the split {split}.")
    return questions


def _check(folder: Path, split: str) -> None:
    if split not in (*SPLITS, ALL):
        raise BadRequest(f"There is no split {split!r}; please use {', '.join((*SPLITS, ALL))}.")
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}; please check its name.")


def _reader(folder: Path, layout: str) -> Reader:
    if layout == "jsonl" or (layout == "auto" and plain.has_jsonl(folder)):
        return plain.jsonl_captions
    if layout == "sidecars" or (layout == "auto" and plain.has_sidecars(folder)):
        return plain.sidecar_captions
    raise NotFound(f"{folder} holds no data set that I know.")
