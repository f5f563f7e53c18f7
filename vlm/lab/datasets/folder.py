"""A plain folder of pictures, described by JSONL files or by a text file beside each picture.

JSONL: every `*.jsonl` at the folder's top, one object a line:

    image       the picture, relative to the folder (file_name means the same)
    caption     a sentence; or captions: several (text means the same as caption)
    question    a question about the picture, with answer: its answer, or answers: several
    split       train, val or test; else the JSONL file's own name, if it is one of these
    id, kind    optional: a name for the line, and for the sort of question

A picture may have several lines. Sidecars: `cat.txt` beside `cat.jpg`, one caption a line; subfolders, too.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from vlm.errors import BadRequest
from vlm.lab.datasets.files import SUFFIXES, clean_captions, path_inside, read_text
from vlm.lab.datasets.records import CaptionedImage, ImageQuestion
from vlm.lab.datasets.splits import SPLITS


class JsonlRecord(msgspec.Struct, frozen=True):
    """One line of a JSONL file. Unknown fields are passed over."""

    image: str = ""
    file_name: str = ""
    caption: str = ""
    text: str = ""
    captions: tuple[str, ...] = ()
    question: str = ""
    answer: str = ""
    answers: tuple[str, ...] = ()
    split: str = ""
    id: str | int = ""
    kind: str = ""


def has_jsonl(folder: Path) -> bool:
    return any(folder.glob("*.jsonl"))


def has_sidecars(folder: Path) -> bool:
    return any(True for _ in _sidecars(folder))


def jsonl_captions(folder: Path) -> list[CaptionedImage]:
    """One example a picture, with the captions of all its lines."""
    captions_by_image: dict[Path, list[str]] = {}
    splits: dict[Path, str] = {}
    ids: dict[Path, str] = {}
    for line, place in _lines(folder):
        captions = clean_captions((*line.captions, line.caption, line.text))
        if not captions:
            continue
        image = _image(folder, line, place)
        if splits.setdefault(image, line.split) != line.split:
            raise BadRequest(f"{place}: {image.name} is in two splits; please keep each picture in one.")
        captions_by_image.setdefault(image, []).extend(captions)
        ids.setdefault(image, str(line.id) if line.id != "" else image.relative_to(folder).as_posix())
    _refuse_shared(ids, folder)
    return [
        CaptionedImage(id=ids[image], image=image, captions=clean_captions(captions), split=splits[image])
        for image, captions in captions_by_image.items()
    ]


def jsonl_questions(folder: Path, split: str) -> list[ImageQuestion]:
    """The questions of this split, and those of no split."""
    questions: dict[str, ImageQuestion] = {}
    for line, place in _lines(folder):
        if not line.question.strip() or line.split not in (split, ""):
            continue
        answers = tuple(answer for answer in (*line.answers, line.answer) if answer.strip())
        if not answers:
            raise BadRequest(f"{place}: a question without an answer; please add answer or answers.")
        name = str(line.id) if line.id != "" else place
        if name in questions:
            raise BadRequest(f"{place}: the id {name} was there before; please make each id unique.")
        image = _image(folder, line, place)
        questions[name] = ImageQuestion(
            id=name, image=image, question=line.question.strip(), answers=answers, kind=line.kind
        )
    return [*questions.values()]


def sidecar_captions(folder: Path) -> list[CaptionedImage]:
    """One example a picture that has a text file beside it."""
    return [
        CaptionedImage(
            id=image.relative_to(folder).as_posix(),
            image=image,
            captions=clean_captions(read_text(notes).splitlines()),
        )
        for image, notes in _sidecars(folder)
    ]


def _sidecars(folder: Path) -> Iterator[tuple[Path, Path]]:
    for image in sorted(folder.rglob("*")):
        if image.suffix.lower() in SUFFIXES and (notes := image.with_suffix(".txt")).is_file():
            yield image, notes


def _lines(folder: Path) -> Iterator[tuple[JsonlRecord, str]]:
    """Every line that is not empty, and its place for messages. Raises BadRequest for a broken one."""
    decode = msgspec.json.Decoder(JsonlRecord).decode
    for path in sorted(folder.glob("*.jsonl")):
        split_of_file = path.stem if path.stem in SPLITS else ""
        for number, row in enumerate(read_text(path).split("\n"), 1):
            if not row.strip():
                continue
            place = f"{path.name}:{number}"
            try:
                line = decode(row)
            except (msgspec.DecodeError, RecursionError) as error:
                raise BadRequest(f"{place} is no line of a data set: {error}.") from error
            if line.split not in (*SPLITS, ""):
                raise BadRequest(f"{place}: split is {line.split!r}; please use {', '.join(SPLITS)}.")
            yield msgspec.structs.replace(line, split=line.split or split_of_file), place


def _image(folder: Path, line: JsonlRecord, place: str) -> Path:
    name = line.image or line.file_name
    if not name:
        raise BadRequest(f"{place} names no picture; please add image, relative to {folder}.")
    return path_inside(folder, name)


def _refuse_shared(ids: dict[Path, str], folder: Path) -> None:
    owner: dict[str, Path] = {}
    for image, name in ids.items():
        if owner.setdefault(name, image) != image:
            raise BadRequest(
                f"{image.name} and {owner[name].name} in {folder} share the id {name}; please make it unique."
            )
