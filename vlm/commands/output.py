"""The output of `vlm caption` and `vlm ask`: one line for each picture.

    --json   {"path", "caption", "model", "seconds"}; for `ask` "question" and "answer" instead of "caption";
             {"path", "error", "message"} for a picture that failed
    else     the text, after the picture's name if there are several; failures go to standard error

Each line is written as soon as it is known. The progress bar and remarks go to standard error.
"""

import json
import sys
from typing import Any, Final

from msgspec import Struct

from vlm.errors import AfterimageError
from vlm.protocol import ModelInfo
from vlm.settings import DEFAULT_MODEL
from vlm.text.languages import ENGLISH

PROGRAM: Final = "vlm"


class Done(Struct, frozen=True):
    """The caption or answer; `seconds` is the time of the whole batch that the picture was in.

    `english` is the text before its translation; `stayed_english`: the translation failed.
    """

    path: str
    text: str
    model: str
    seconds: float
    english: str = ""
    stayed_english: bool = False


class Failed(Struct, frozen=True):
    """Why a picture has no caption or answer: an error's code and its safe message."""

    path: str
    code: str
    message: str


Outcome = Done | Failed


def failed(path: str, error: AfterimageError) -> Failed:
    """The outcome of a picture that failed."""
    return Failed(path, error.code, str(error))


def remark(sentence: str) -> None:
    """Write a remark to standard error."""
    sys.stderr.write(f"{PROGRAM}: {sentence}\n")
    sys.stderr.flush()


class Lines:
    """Writes outcomes, and notes whether one has failed."""

    def __init__(self, *, question: str | None, total: int, as_json: bool, language: str = ENGLISH) -> None:
        self.language = language
        self.any_failed = False
        self._question = question
        self._several = total > 1
        self._as_json = as_json
        self._bar = _bar(total) if total > 1 and sys.stderr.isatty() else None

    def write(self, outcome: Outcome) -> None:
        """Write one outcome."""
        self.any_failed |= isinstance(outcome, Failed)
        if self._as_json:
            self._clear()
            put(json.dumps(as_record(outcome, self._question, self.language), ensure_ascii=False))
        elif isinstance(outcome, Failed):
            self.remark(f"{outcome.path}: {outcome.message}")
        else:
            self._clear()
            put(f"{outcome.path}: {outcome.text}" if self._several else outcome.text)
            if outcome.stayed_english:
                self.remark(f"{outcome.path}: the translation failed, so this is English.")
        if self._bar is not None:
            self._bar.update()

    def remark(self, sentence: str) -> None:
        """Write a remark to standard error."""
        self._clear()
        remark(sentence)

    def remark_speciality(self, model: ModelInfo) -> None:
        """Remark on what a specialised model knows, and name the full model."""
        if model.knows:
            self.remark(f"{model.knows} (This is {model.name}; for the full model: --model {DEFAULT_MODEL})")

    def _clear(self) -> None:
        if self._bar is not None:
            self._bar.clear()

    def close(self) -> None:
        """Remove the progress bar."""
        if self._bar is not None:
            self._bar.close()


def as_record(outcome: Outcome, question: str | None, language: str = ENGLISH) -> dict[str, Any]:
    """The JSON object of an outcome; `question` is None for a caption."""
    match outcome:
        case Failed(path, code, message):
            return {"path": path, "error": code, "message": message}
        case Done(path, text, model, seconds, english, stayed_english):
            record = {"caption": text} if question is None else {"question": question, "answer": text}
            if language != ENGLISH:
                record |= {"language": ENGLISH if stayed_english else language, "english": english}
            return {"path": path, **record, "model": model, "seconds": round(seconds, 3)}


def put(line: str) -> None:
    """Write one line of results, and flush."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _bar(total: int) -> Any:
    from tqdm import tqdm

    return tqdm(total=total, unit=" pictures", leave=False)
