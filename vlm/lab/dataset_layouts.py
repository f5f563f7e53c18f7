"""The text files of drawn data sets in published layouts. Pure.

flickr8k   Flickr8k.token.txt, Flickr_8k.{train,dev,test}Images.txt, Flicker8k_Dataset/
coco       annotations/captions_{train,val}2014.json, dataset_coco.json (Karpathy's), VQAv2's questions and
           annotations with ten equal answers, train2014/, val2014/; as in COCO, test lies in val2014
jsonl      captions.jsonl, questions.jsonl, images/
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from vlm.errors import BadRequest
from vlm.lab.questions import QuestionAnswer, draw_question
from vlm.lab.scene_captions import paraphrases
from vlm.lab.scenes import Scene
from vlm.lab.vocabulary import NUMBERS

LAYOUTS = ("flickr8k", "coco", "jsonl")
ASKED = ("count", "presence", None)  # kinds of the questions about each picture; None: any
PEOPLE = 10  # who answer each question of VQAv2
Files = dict[str, str]  # name -> text


@dataclass(frozen=True)
class DrawnImage:
    """One picture of a data set: its number from 1, its split, and what it shows."""

    number: int
    split: str
    scene: Scene
    size_px: tuple[int, int]  # width, height

    @cached_property
    def captions(self) -> tuple[str, ...]:
        return paraphrases(self.scene)

    @cached_property
    def questions(self) -> tuple[QuestionAnswer, ...]:
        rng = np.random.default_rng(self.scene.look.seed)
        return tuple(draw_question(self.scene, rng, kind, plain=True) for kind in ASKED)

    @property
    def part(self) -> str:
        """COCO's name for where it lies."""
        return "train2014" if self.split == "train" else "val2014"


def image_path(picture: DrawnImage, layout: str) -> str:
    """Where the picture's JPEG lies in this layout."""
    match layout:
        case "flickr8k":
            return f"Flicker8k_Dataset/{_flickr_name(picture)}"
        case "coco":
            return f"{picture.part}/{_coco_name(picture)}"
        case _:
            return f"images/{picture.number:06d}.jpg"


def describe_files(pictures: Sequence[DrawnImage], layout: str) -> Files:
    """Every text file of the layout. Raises BadRequest for a layout that is not written."""
    match layout:
        case "flickr8k":
            return _flickr8k(pictures)
        case "coco":
            return _karpathy(pictures) | _coco(pictures) | _vqa(pictures)
        case "jsonl":
            return _jsonl(pictures)
        case _:
            raise BadRequest(f"There is no layout {layout!r} to write; please use {', '.join(LAYOUTS)}.")


def _flickr_name(picture: DrawnImage) -> str:
    return f"{picture.number:06d}.jpg"


def _coco_name(picture: DrawnImage) -> str:
    return f"COCO_{picture.part}_{picture.number:012d}.jpg"


def _flickr8k(pictures: Sequence[DrawnImage]) -> Files:
    tokens = [
        f"{_flickr_name(picture)}#{number}\t{caption}\n"
        for picture in pictures
        for number, caption in enumerate(picture.captions)
    ]
    splits = {
        f"Flickr_8k.{name}Images.txt": "".join(
            f"{_flickr_name(picture)}\n" for picture in pictures if picture.split == split
        )
        for name, split in (("train", "train"), ("dev", "val"), ("test", "test"))
    }
    return {"Flickr8k.token.txt": "".join(tokens), **splits}


def _karpathy(pictures: Sequence[DrawnImage]) -> Files:
    images = [
        {
            "filepath": picture.part,
            "filename": _coco_name(picture),
            "split": picture.split,
            "cocoid": picture.number,
            "imgid": picture.number - 1,
            "sentences": [
                {"raw": caption, "tokens": caption.lower().split()} for caption in picture.captions
            ],
        }
        for picture in pictures
    ]
    return {"dataset_coco.json": _json({"images": images, "dataset": "coco"})}


def _coco(pictures: Sequence[DrawnImage]) -> Files:
    return {
        f"annotations/captions_{part}.json": _json(
            {
                "info": {"description": "Scenes drawn by Afterimage"},
                "images": [_coco_image(picture) for picture in pictures if picture.part == part],
                "annotations": [
                    {"image_id": picture.number, "id": picture.number * 10 + number, "caption": caption}
                    for picture in pictures
                    if picture.part == part
                    for number, caption in enumerate(picture.captions)
                ],
            }
        )
        for part in ("train2014", "val2014")
    }


def _coco_image(picture: DrawnImage) -> dict[str, Any]:
    width, height = picture.size_px
    return {"id": picture.number, "file_name": _coco_name(picture), "width": width, "height": height}


def _vqa(pictures: Sequence[DrawnImage]) -> Files:
    files = {}
    for part in ("train2014", "val2014"):
        questions = [
            (picture.number, picture.number * 1000 + number, question)
            for picture in pictures
            if picture.part == part
            for number, question in enumerate(picture.questions)
        ]
        files[f"annotations/v2_OpenEnded_mscoco_{part}_questions.json"] = _json(
            {
                "data_subtype": part,
                "questions": [
                    {"image_id": image, "question_id": key, "question": question.question}
                    for image, key, question in questions
                ],
            }
        )
        files[f"annotations/v2_mscoco_{part}_annotations.json"] = _json(
            {
                "data_subtype": part,
                "annotations": [_annotation(*question) for question in questions],
            }
        )
    return files


def _annotation(image: int, key: int, question_answer: QuestionAnswer) -> dict[str, Any]:
    answers = [
        {"answer": question_answer.answer, "answer_confidence": "yes", "answer_id": person + 1}
        for person in range(PEOPLE)
    ]
    return {
        "image_id": image,
        "question_id": key,
        "question_type": question_answer.kind,
        "answer_type": _answer_type(question_answer.answer),
        "multiple_choice_answer": question_answer.answer,
        "answers": answers,
    }


def _answer_type(answer: str) -> str:
    """VQAv2's name for the sort of answer."""
    if answer in ("yes", "no"):
        return "yes/no"
    return "number" if answer in NUMBERS else "other"


def _jsonl(pictures: Sequence[DrawnImage]) -> Files:
    captions, questions = [], []
    for picture in pictures:
        line = {"image": image_path(picture, "jsonl"), "split": picture.split}
        captions.append(_json({**line, "captions": picture.captions}))
        questions += [
            _json(
                {
                    **line,
                    "question": question_answer.question,
                    "answer": question_answer.answer,
                    "kind": question_answer.kind,
                }
            )
            for question_answer in picture.questions
        ]
    return {"captions.jsonl": "".join(captions), "questions.jsonl": "".join(questions)}


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False) + "\n"
