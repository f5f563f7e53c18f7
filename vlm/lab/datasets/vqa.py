"""VQAv2 as published: questions and annotations in two JSON files, about COCO's pictures of 2014.

v2_OpenEnded_mscoco_val2014_questions.json   {"questions": [{"question_id", "image_id", "question"}]}
v2_mscoco_val2014_annotations.json           {"annotations": [{"question_id", "answer_type", "answers"}]}
val2014/COCO_val2014_000000000042.jpg
"""

from pathlib import Path

import msgspec

from vlm.errors import BadRequest, NotFound
from vlm.lab.datasets.coco import image_folder
from vlm.lab.datasets.files import find_file, read_json
from vlm.lab.datasets.records import ImageQuestion

PATTERNS = ("v2_*mscoco*.json", "*/v2_*mscoco*.json")


# gc=False: millions of answers hold no cycles, and the garbage collector need not look at them.
class VqaQuestion(msgspec.Struct, frozen=True, gc=False):
    question_id: int
    image_id: int
    question: str


class VqaAnswer(msgspec.Struct, frozen=True, gc=False):
    answer: str


class VqaAnnotation(msgspec.Struct, frozen=True, gc=False):
    question_id: int
    answers: tuple[VqaAnswer, ...]
    answer_type: str = ""


class VqaQuestionFile(msgspec.Struct, frozen=True, gc=False):
    questions: tuple[VqaQuestion, ...]


class VqaAnnotationFile(msgspec.Struct, frozen=True, gc=False):
    annotations: tuple[VqaAnnotation, ...]


def has_vqa(folder: Path) -> bool:
    return any(True for pattern in PATTERNS for _ in folder.glob(pattern))


def vqa_questions(folder: Path, split: str) -> list[ImageQuestion]:
    """The questions of train or val.

    Raises:  BadRequest for test, and for files that do not belong together; NotFound for a missing file.
    """
    if split == "test":
        raise BadRequest("The answers to VQAv2's test questions are not public; please use the split val.")
    part = f"{split}2014"
    names = f"v2_OpenEnded_mscoco_{part}_questions.json", f"v2_mscoco_{part}_annotations.json"
    questions, annotations = (find_file(folder, name) for name in names)
    if questions is None or annotations is None:
        missing = [name for name in names if find_file(folder, name) is None]
        raise NotFound(f"{folder} lacks {' and '.join(missing)}; get it from visualqa.org, page Download.")
    pairs = _matched(questions, annotations)
    images = image_folder(folder, part)
    paths = {
        image: images / f"COCO_{part}_{image:012d}.jpg"
        for image in {question.image_id for question, _ in pairs}
    }
    return [
        ImageQuestion(
            id=str(question.question_id),
            image=paths[question.image_id],
            question=question.question.strip(),
            answers=tuple(answer.answer for answer in annotation.answers),
            kind=annotation.answer_type,
        )
        for question, annotation in pairs
    ]


def _matched(questions: Path, annotations: Path) -> list[tuple[VqaQuestion, VqaAnnotation]]:
    """Each question with its answers. Raises BadRequest for a question that comes twice or has none."""
    annotation = {
        answer.question_id: answer for answer in read_json(annotations, VqaAnnotationFile).annotations
    }
    by_id: dict[int, VqaQuestion] = {}
    for question in read_json(questions, VqaQuestionFile).questions:
        number = question.question_id
        if by_id.setdefault(number, question) is not question:
            raise BadRequest(f"{questions.name} has question {number} twice; is the file intact?")
        if number not in annotation:
            raise BadRequest(f"{annotations.name} has no answers to question {number}; do the files match?")
    return [(question, annotation[number]) for number, question in by_id.items()]
