"""Open a data set in a local folder, in any of the published layouts.

    flickr8k   Flickr8k.token.txt, Flickr_8k.{train,dev,test}Images.txt
    csv        captions.txt: image,caption (Flickr8k as Kaggle has it)
    karpathy   dataset_{flickr8k,flickr30k,coco}.json
    coco       annotations/captions_{train,val}{2014,2017}.json
    jsonl      *.jsonl beside the pictures
    sidecars   cat.txt beside cat.jpg

and for questions VQAv2 (v2_OpenEnded_mscoco_*_questions.json, v2_mscoco_*_annotations.json) or JSONL.
`auto` takes the first of this order whose files are there. docs/datasets.md says where to get each.
Nothing is downloaded, and no picture is decoded.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vlm.errors import BadRequest, NotFound
from vlm.lab.datasets import coco, flickr, karpathy, vqa
from vlm.lab.datasets import folder as plain
from vlm.lab.datasets.files import with_existing_image
from vlm.lab.datasets.records import CaptionedImage, ImageQuestion
from vlm.lab.datasets.splits import SPLITS

ALL: Final = "all"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Layout:
    """One published layout: its files, where to get it, how to detect and to read it."""

    name: str
    files: str
    source: str
    is_there: Callable[[Path], bool]
    read: Callable[[Path], list[CaptionedImage]]


_KNOWN: Final = (
    Layout(
        "flickr8k",
        "Flickr8k.token.txt, Flickr_8k.{train,dev,test}Images.txt, Flicker8k_Dataset/",
        "Flickr8k_text.zip and Flickr8k_Dataset.zip, in the releases of github.com/jbrownlee/Datasets",
        flickr.has_tokens,
        flickr.token_captions,
    ),
    Layout(
        "csv",
        "captions.txt, Images/",
        "Kaggle, data set adityajn105/flickr8k",
        flickr.has_csv,
        flickr.csv_captions,
    ),
    Layout(
        "karpathy",
        "dataset_{flickr8k,flickr30k,coco}.json, flickr30k-images/ or train2014/ and val2014/",
        "caption_datasets.zip, Deep Visual-Semantic Alignments page at cs.stanford.edu/people/karpathy;"
        " pictures from the Flickr30k page of the University of Illinois, or cocodataset.org",
        karpathy.has_karpathy,
        karpathy.karpathy_captions,
    ),
    Layout(
        "coco",
        "annotations/captions_{train,val}{2014,2017}.json, val2014/",
        "cocodataset.org, page Download",
        coco.has_coco,
        coco.coco_captions,
    ),
    Layout("jsonl", "*.jsonl", "your own, or vlm scenes", plain.has_jsonl, plain.jsonl_captions),
    Layout("sidecars", "a .txt beside each picture", "your own", plain.has_sidecars, plain.sidecar_captions),
)
LAYOUTS: Final = ("auto", *(layout.name for layout in _KNOWN))


def open_captions(folder: Path, *, layout: str = "auto", split: str = "test") -> list[CaptionedImage]:
    """The pictures of one split (train, val, test, or all) with their captions, each with at least one.

    Where a plain folder names no splits, its pictures have the split '' and belong to every one. What is left
    out, pictures that are not on the disk or have no caption, is counted in the log.
    Raises:  NotFound for a folder or files that are missing, BadRequest for files that are broken.
    """
    _check(folder, (*SPLITS, ALL), split)
    chosen = _layout(folder, layout)
    examples = chosen.read(folder)
    in_split = [example for example in examples if split == ALL or example.split in (split, "")]
    captioned = [example for example in in_split if example.captions]
    if len(captioned) < len(in_split):
        log.warning(
            "%s of %s pictures have no caption and are left out",
            len(in_split) - len(captioned),
            len(in_split),
        )
    if not captioned:
        splits = ", ".join(sorted({example.split for example in examples})) or "none"
        raise NotFound(f"{folder} has no captions in the split {split}; it has: {splits}.")
    return with_existing_image(captioned, lambda example: example.image, _advice(chosen))


def open_questions(folder: Path, *, split: str = "val") -> list[ImageQuestion]:
    """The questions of one split with their pictures and answers; those of missing pictures are left out.

    Raises:  NotFound for a folder or files that are missing, BadRequest for files that are broken.
    """
    _check(folder, SPLITS, split)
    if vqa.has_vqa(folder):
        questions = vqa.vqa_questions(folder, split)
        advice = "Pictures: train2014 and val2014 of cocodataset.org, page Download."
    elif plain.has_jsonl(folder):
        questions = plain.jsonl_questions(folder, split)
        advice = "Please put them where the JSONL file says, relative to its folder."
    else:
        raise NotFound(
            f"{folder} holds no questions. I looked for v2_OpenEnded_mscoco_{split}2014_questions.json with "
            f"v2_mscoco_{split}2014_annotations.json (visualqa.org, page Download) and for *.jsonl."
        )
    if not questions:
        raise NotFound(f"{folder} has no questions in the split {split}.")
    return with_existing_image(questions, lambda question: question.image, advice)


def _check(folder: Path, splits: tuple[str, ...], split: str) -> None:
    if split not in splits:
        raise BadRequest(f"There is no split {split!r} here; please use {', '.join(splits)}.")
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}; please check its name.")


def _layout(folder: Path, name: str) -> Layout:
    if name not in LAYOUTS:
        raise BadRequest(f"There is no layout {name!r}; please use {', '.join(LAYOUTS)}.")
    for layout in _KNOWN:
        if name == layout.name or (name == "auto" and layout.is_there(folder)):
            return layout
    looked = "".join(f"\n  {known.name:<9} {known.files}\n{'':12}from: {known.source}" for known in _KNOWN)
    raise NotFound(f"{folder} holds no data set that I know. I looked for:{looked}")


def _advice(layout: Layout) -> str:
    return f"The layout {layout.name} needs {layout.files}; from: {layout.source}."
