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


# gc=False: millions of answers hold no cycles, and the garbage collector need not look at them.
class Question(msgspec.Struct, frozen=True, gc=False):
    question_id: int
    image_id: int
    question: str


class Answer(msgspec.Struct, frozen=True, gc=False):
    answer: str


class Annotation(msgspec.Struct, frozen=True, gc=False):
    question_id: int
    answers: tuple[Answer, ...]
    answer_type: str = ""


class Questions(msgspec.Struct, frozen=True, gc=False):
    questions: tuple[Question, ...]


class Annotations(msgspec.Struct, frozen=True, gc=False):
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
    pairs = _matched(questions, annotations)
    images = pictures_of(folder, part)
    paths = {image: images / f"COCO_{part}_{image:012d}.jpg" for image in {one.image_id for one, _ in pairs}}
    return [
        Asked(
            id=str(question.question_id),
            image=paths[question.image_id],
            question=question.question.strip(),
            answers=tuple(each.answer for each in given.answers),
            kind=given.answer_type,
        )
        for question, given in pairs
    ]


def _matched(questions: Path, annotations: Path) -> list[tuple[Question, Annotation]]:
    """Each question with its answers. Raises BadRequest for a question that comes twice or has none."""
    given = {each.question_id: each for each in json_of(annotations, Annotations).annotations}
    asked: dict[int, Question] = {}
    for question in json_of(questions, Questions).questions:
        number = question.question_id
        if asked.setdefault(number, question) is not question:
            raise BadRequest(f"{questions.name} has question {number} twice; is the file intact?")
        if number not in given:
            raise BadRequest(f"{annotations.name} has no answers to question {number}; do the files match?")
    return [(question, given[number]) for number, question in asked.items()]
