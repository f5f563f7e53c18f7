"""Evaluation data of any data set: items in a fixed order, and a fingerprint of the data.

caption, retrieval   an item is a picture; its references are people's captions
vqa                  an item is a question about a picture; its references are people's answers
translate            an item is a text and a direction; its reference is the translation
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from vlm.errors import BadRequest, NotFound
from vlm.lab.datasets.opening import open_captions, open_questions
from vlm.text.languages import NAMES, code_of

ABOUT: Final = ("id", "kind")  # keys of a line that are no languages: Indonesian is 'id-ID' or 'in' there
LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationItem:
    """One input of a model with its references.

    unit     what bootstrap resamples draw: a picture's id, which its questions share
    picture  None without a picture
    prompt   the question, or the text to translate; '' for a caption
    kind     the kind of question, or the direction and the kind of text ('en-de caption')
    """

    id: str
    unit: str
    references: tuple[str, ...]
    picture: Path | None = None
    prompt: str = ""
    kind: str = ""

    @property
    def path(self) -> Path:
        """The picture's path; an empty path without a picture."""
        return self.picture or Path()


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationData:
    """Items, and a description of the data for the result."""

    items: list[EvaluationItem]
    about: dict[str, Any]


def pictures_data(folder: Path, *, layout: str, split: str, limit: int | None, seed: int) -> EvaluationData:
    """Captioned pictures. Raises NotFound, BadRequest."""
    items = [
        EvaluationItem(id=image.id, unit=image.id, picture=image.image, references=image.captions)
        for image in open_captions(folder, layout=layout, split=split)
        if image.captions
    ]
    return _data(items, limit, seed, {"name": _name(folder), "layout": layout, "split": split})


def questions_data(folder: Path, *, split: str, limit: int | None, seed: int) -> EvaluationData:
    """Questions about pictures, with all questions about a picture together. Raises NotFound, BadRequest."""
    items = [
        EvaluationItem(
            id=question.id,
            unit=question.image.relative_to(folder).as_posix(),
            picture=question.image,
            prompt=question.question,
            references=question.answers,
            kind=question.kind,
        )
        for question in open_questions(folder, split=split)
    ]
    return _data(items, limit, seed, {"name": _name(folder), "layout": "vqav2", "split": split})


def parallel_data(path: Path, *, limit: int | None, seed: int) -> EvaluationData:
    """Lines of {"en": ..., "de": ...}: each is translated from English and into English.

    `id`, `kind` and keys that are no language of `vlm.text.languages` are not translated.
    Raises:  NotFound for a missing file, BadRequest for a line that is something else.
    """
    items = [item for number, line in _parallel_lines(path) for item in _directions(number, line)]
    return _data(items, limit, seed, {"name": path.name, "layout": "parallel"})


def _parallel_lines(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise NotFound(f"There is no file of parallel lines {path}: {error.strerror}.") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            translations = msgspec.json.decode(line, type=dict[str, str])
        except msgspec.DecodeError as error:
            like = '{"en": "a cat", "de": "eine Katze"}'
            raise BadRequest(f"{path.name}:{number} is not like {like}: {error}") from None
        if "en" not in translations:
            raise BadRequest(f"{path.name}:{number} has no English: please add en.")
        yield number, translations


def _directions(number: int, line: dict[str, str]) -> list[EvaluationItem]:
    others = [key for key in line if _is_language(key) and key != "en"]
    pairs = [pair for code in others for pair in (("en", code), (code, "en"))]
    return [
        EvaluationItem(
            id=f"{number} {source}-{target}",
            unit=str(number),
            prompt=line[source],
            references=(line[target],),
            kind=f"{source}-{target} {line.get('kind', '')}".strip(),
        )
        for source, target in pairs
    ]


def _is_language(key: str) -> bool:
    """Other keys ('url', 'set') describe the line."""
    return key not in ABOUT and bool(LANGUAGE.fullmatch(key)) and code_of(key) in NAMES


def _data(
    items: Sequence[EvaluationItem], limit: int | None, seed: int, about: dict[str, Any]
) -> EvaluationData:
    """The items of `limit` units that the seed samples, in the order of the file."""
    units = list(dict.fromkeys(item.unit for item in items))
    if not units:
        raise NotFound(
            f"There is nothing to evaluate in {about['name']}: no example has a truth to score against."
        )
    if limit is not None and limit < len(units):
        drawn = np.random.default_rng(seed).choice(len(units), size=limit, replace=False)
        units = [units[number] for number in sorted(drawn)]
    place = {unit: number for number, unit in enumerate(units)}
    chosen = sorted((item for item in items if item.unit in place), key=lambda item: place[item.unit])
    counted = {"units": len(units), "examples": len(chosen), "limit": limit, "seed": seed}
    return EvaluationData(items=chosen, about={**about, **counted, "fingerprint": fingerprint(chosen)})


def fingerprint(items: Sequence[EvaluationItem]) -> str:
    """A hash of these prompts, references and pictures (by the size of their files)."""
    digest = hashlib.sha256()
    for item in items:
        size = item.picture.stat().st_size if item.picture and item.picture.is_file() else -1
        digest.update(repr((item.id, item.prompt, item.references, item.kind, size)).encode())
    return digest.hexdigest()[:16]


def _name(path: Path) -> str:
    return path.resolve().name
