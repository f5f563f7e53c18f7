"""Progress of a run on standard error: a bar on a terminal, a line every half minute in a log."""

import sys
import time
from typing import Any, Final

LINE_EVERY_S: Final = 30.0


class ProgressReporter:
    """Counts from `done` to `total` and estimates the remaining time."""

    def __init__(self, *, total: int, done: int, unit: str) -> None:
        self._total, self._done, self._unit = total, done, unit
        self._begun_s = self._told_s = time.monotonic()
        self._first = done
        if done:
            self._say(f"{done:,} of {total:,} {unit} are done already; going on.")
        self._bar = self._open() if sys.stderr.isatty() else None

    def add(self, count: int) -> None:
        """Count `count` more."""
        self._done += count
        if self._bar is not None:
            self._bar.update(count)
        elif time.monotonic() - self._told_s >= LINE_EVERY_S:
            self._told_s = time.monotonic()
            self._say(f"{self._done:,} of {self._total:,} {self._unit}, {self.left()} to go")

    def left(self) -> str:
        """The remaining time at the present rate."""
        pace = (time.monotonic() - self._begun_s) / max(1, self._done - self._first)
        return format_duration(pace * (self._total - self._done))

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()

    def _open(self) -> Any:
        from tqdm import tqdm

        return tqdm(
            total=self._total, initial=self._done, unit=f" {self._unit}", leave=False, dynamic_ncols=True
        )

    def _say(self, sentence: str) -> None:
        sys.stderr.write(f"vlm: {sentence}\n")
        sys.stderr.flush()


def format_duration(seconds: float) -> str:
    """'40 s', '3 min', '2 h 5 min'."""
    minutes = round(seconds / 60)
    if seconds < 60:
        return f"{round(seconds)} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
