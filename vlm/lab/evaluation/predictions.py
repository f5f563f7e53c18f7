"""Predictions, written as they come, so that an interrupted run continues where it was.

    OUT/predictions.jsonl   line 1: the header that pins the task, the model and the data
                            then one Prediction a line, in the order in which they came

A truncated last line is dropped, and failed items are tried again: a picture may have been repaired, or the
batch may have been too large. A lock keeps two runs from writing to one folder at the same time.
"""

import fcntl
import os
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import msgspec
from msgspec import Struct

from vlm.errors import BadRequest, Unavailable

NAME: Final = "predictions.jsonl"


class Prediction(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The prediction for one item, or the `error` that prevented it.

    pictures, texts   for search: vectors in float16, [Q, E] and [captions, E]
    """

    id: str
    text: str = ""
    error: str = ""
    seconds: float = 0.0
    pictures: bytes = b""
    texts: bytes = b""


def timed(predictions: Sequence[Prediction], begun_s: float) -> list[Prediction]:
    """The predictions of one batch, each with its share of the time since `begun_s` (of perf_counter)."""
    seconds_each = round((time.perf_counter() - begun_s) / max(1, len(predictions)), 4)
    return [msgspec.structs.replace(prediction, seconds=seconds_each) for prediction in predictions]


class Predictions:
    """The predictions of one run, including those of earlier starts: `done`, by the item's id.

    Raises:  BadRequest if the folder holds another run, Unavailable while another process works in it.
    """

    def __init__(self, folder: Path, header: dict[str, Any], *, fresh: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.done: dict[str, Prediction] = {}
        self._file = (folder / NAME).open("a+b")
        try:
            self._lock(folder)
            if fresh:
                self._file.truncate(0)
            self._read(folder, header)
        except BaseException:
            self._file.close()
            raise

    def add(self, predictions: Sequence[Prediction]) -> None:
        """Append predictions to the file and flush it."""
        for prediction in predictions:
            self._file.write(msgspec.json.encode(prediction) + b"\n")
            self.done[prediction.id] = prediction
        self._file.flush()

    def __enter__(self) -> "Predictions":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def _lock(self, folder: Path) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # released when the process ends
        except OSError:
            raise Unavailable(
                f"Another run is at work in {folder}: wait for it, or choose another --out."
            ) from None

    def _read(self, folder: Path, header: dict[str, Any]) -> None:
        self._file.seek(0)
        whole, _, torn = self._file.read().rpartition(b"\n")
        if torn:
            self._file.truncate(len(whole) + 1 if whole else 0)
            os.fsync(self._file.fileno())
        lines = whole.splitlines()
        if not lines:
            self._file.write(msgspec.json.encode(header) + b"\n")
            self._file.flush()
            return
        try:
            _check_header(folder, msgspec.json.decode(lines[0], type=dict[str, Any]), header)
            predictions = [msgspec.json.decode(line, type=Prediction) for line in lines[1:]]
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadRequest(
                f"{folder / NAME} is damaged ({error}): choose another --out, or begin anew with --fresh."
            ) from error
        self.done = {prediction.id: prediction for prediction in predictions if not prediction.error}


def _check_header(folder: Path, stored: dict[str, Any], expected: dict[str, Any]) -> None:
    expected = msgspec.json.decode(msgspec.json.encode(expected))
    for name in expected:
        if stored.get(name) != expected[name]:
            there, here = _short(stored.get(name)), _short(expected[name])
            raise BadRequest(
                f"{folder} holds a run with another {name} ({there}; now it is {here}): "
                "choose another --out, or begin anew with --fresh."
            )


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(str(part) for part in value.values() if part not in (None, ""))
    return str(value)
