"""One line for each picture: what `vlm caption` and `vlm ask` print.

    --json   {"path", "caption", "model", "seconds"}; for `ask` "question" and "answer" instead of "caption";
             {"path", "error", "message"} for a picture that failed
    else     the words, after the picture's name if there are several; what failed goes to standard error

A line is written out as soon as it is known. The progress bar and all remarks go to standard error.
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
    """What the model said of a picture; `seconds` is what the batch took that the picture was part of.

    `english` is what it said before it was translated; `stayed_english` where that failed.
    """

    path: str
    text: str
    model: str
    seconds: float
    english: str = ""
    stayed_english: bool = False


class Failed(Struct, frozen=True):
    """Why nothing was said of a picture: an error's code and its safe message."""

    path: str
    code: str
    message: str


Outcome = Done | Failed


def failed(path: str, error: AfterimageError) -> Failed:
    """The outcome that an error is for one picture."""
    return Failed(path, error.code, str(error))


def remark(sentence: str) -> None:
    """Say something beside the results."""
    sys.stderr.write(f"{PROGRAM}: {sentence}\n")
    sys.stderr.flush()


class Lines:
    """Writes outcomes, and remembers whether one has failed."""

    def __init__(self, *, question: str | None, total: int, as_json: bool, language: str = ENGLISH) -> None:
        self.language = language
        self.any_failed = False
        self._question = question
        self._several = total > 1
        self._as_json = as_json
        self._bar = _bar(total) if total > 1 and sys.stderr.isatty() else None

    def write(self, outcome: Outcome) -> None:
        """Put one outcome out."""
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
                self.remark(f"{outcome.path}: the translator lost its way, so this is English.")
        if self._bar is not None:
            self._bar.update()

    def remark(self, sentence: str) -> None:
        """Say something beside the results."""
        self._clear()
        remark(sentence)

    def tell_what_it_knows(self, model: ModelInfo) -> None:
        """A model that knows only a part of the world says so wherever it answers, and what knows more."""
        if model.knows:
            self.remark(f"{model.knows} (This is {model.name}; for the full model: --model {DEFAULT_MODEL})")

    def _clear(self) -> None:
        if self._bar is not None:
            self._bar.clear()

    def close(self) -> None:
        """Take the progress bar away."""
        if self._bar is not None:
            self._bar.close()


def as_record(outcome: Outcome, question: str | None, language: str = ENGLISH) -> dict[str, Any]:
    """The JSON object of an outcome; `question` is None for a caption."""
    match outcome:
        case Failed(path, code, message):
            return {"path": path, "error": code, "message": message}
        case Done(path, text, model, seconds, english, stayed_english):
            said = {"caption": text} if question is None else {"question": question, "answer": text}
            if language != ENGLISH:
                said |= {"language": ENGLISH if stayed_english else language, "english": english}
            return {"path": path, **said, "model": model, "seconds": round(seconds, 3)}


def put(line: str) -> None:
    """Write one line of results, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _bar(total: int) -> Any:
    from tqdm import tqdm

    return tqdm(total=total, unit=" pictures", leave=False)
