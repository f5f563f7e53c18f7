"""VQAv2 as published: questions and annotations in two JSON files, about COCO's pictures of 2014.

v2_OpenEnded_mscoco_val2014_questions.json   {"questions": [{"question_id", "image_id", "question"}]}
v2_mscoco_val2014_annotations.json           {"annotations": [{"question_id", "answer_type", "answers"}]}
val2014/COCO_val2014_000000000042.jpg
"""

from pathlib import Path

import msgspec

from vlm.errors import BadRequest, NotFound
from vlm.lab.datasets.coco import pictures_of
from vlm.lab.datasets.example import Asked
from vlm.lab.datasets.files import json_of, located

PATTERNS = ("v2_*mscoco*.json", "*/v2_*mscoco*.json")


class Question(msgspec.Struct, frozen=True):
    question_id: int
    image_id: int
    question: str


class Answer(msgspec.Struct, frozen=True):
    answer: str


class Annotation(msgspec.Struct, frozen=True):
    question_id: int
    answers: tuple[Answer, ...]
    answer_type: str = ""


class Questions(msgspec.Struct, frozen=True):
    questions: tuple[Question, ...]


class Annotations(msgspec.Struct, frozen=True):
    annotations: tuple[Annotation, ...]


def has_vqa(folder: Path) -> bool:
    return any(True for pattern in PATTERNS for _ in folder.glob(pattern))


def vqa_questions(folder: Path, split: str) -> list[Asked]:
    """The questions of train or val.

    Raises:  BadRequest for test, and for files that do not belong together; NotFound for a missing file.
    """
    if split == "test":
        raise BadRequest("The answers to VQAv2's test questions are not public; please use the split val.")
    part = f"{split}2014"
    names = f"v2_OpenEnded_mscoco_{part}_questions.json", f"v2_mscoco_{part}_annotations.json"
    questions, annotations = (located(folder, name) for name in names)
    if questions is None or annotations is None:
        missing = [name for name in names if located(folder, name) is None]
        raise NotFound(f"{folder} lacks {' and '.join(missing)}; get it from visualqa.org, page Download.")
    given = {each.question_id: each for each in json_of(annotations, Annotations).annotations}
    images = pictures_of(folder, part)
    asked: dict[int, Asked] = {}
    for question in json_of(questions, Questions).questions:
        number = question.question_id
        if number in asked:
            raise BadRequest(f"{questions.name} has question {number} twice; is the file intact?")
        if number not in given:
            raise BadRequest(f"{annotations.name} has no answers to question {number}; do the files match?")
        asked[number] = Asked(
            id=str(number),
            image=images / f"COCO_{part}_{question.image_id:012d}.jpg",
            question=question.question.strip(),
            answers=tuple(each.answer for each in given[number].answers),
            kind=given[number].answer_type,
        )
    return [*asked.values()]
