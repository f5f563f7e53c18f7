"""Run `vlm` as a process."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

from PIL import Image

from support.paths import ROOT

ENVIRONMENT = {
    name: value for name, value in os.environ.items() if not name.startswith(("VLM_", "REDIS_", "BOT_"))
}
ENVIRONMENT |= {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}


class Vlm:
    """Runs `vlm` in a folder, with no settings but those of the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = dict(ENVIRONMENT)

    def __call__(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "vlm.cli", *arguments],
            cwd=self.folder, env=self.environment | environment, capture_output=True, text=True, timeout=250,
        )  # fmt: skip

    def start(self, *arguments: str, **environment: str) -> "Running":
        return Running(self, arguments, self.environment | environment)


class Running:
    """A `vlm` that runs until it is stopped; its output goes to two files."""

    def __init__(self, vlm: Vlm, arguments: tuple[str, ...], environment: dict[str, str]) -> None:
        name = f"{arguments[0]}-{uuid4().hex[:6]}"
        self.stdout, self.stderr = vlm.folder / f"{name}.out", vlm.folder / f"{name}.err"
        with self.stdout.open("w") as stdout, self.stderr.open("w") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "vlm.cli", *arguments],
                cwd=vlm.folder, env=environment, stdout=stdout, stderr=stderr,
            )  # fmt: skip
        self.pid = self._process.pid

    def has_said(self, part: str, within_s: float = 60) -> str:
        """Everything it has said, as soon as `part` is in it; fails when that does not come in time."""
        deadline_s = time.monotonic() + within_s
        while part not in (text := self.stdout.read_text() + self.stderr.read_text()):
            assert self._process.poll() is None and time.monotonic() < deadline_s, (
                f"never said {part!r}: {text}"
            )
            time.sleep(0.02)
        return text

    def status(self) -> int:
        """Its exit status when it has ended by itself."""
        return self._process.wait(timeout=60)

    def end(self) -> int:
        """Its exit status after SIGTERM."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self.status()


def with_pictures(folder: Path) -> Vlm:
    """A `vlm` in a folder that holds two pictures, and two files that are none."""
    Image.new("RGB", (64, 48), "red").save(folder / "red.png")
    Image.new("RGB", (40, 30), "blue").save(folder / "blue.jpg")
    (folder / "notes.txt").write_text("no picture")
    (folder / "cut.png").write_bytes((folder / "red.png").read_bytes()[:60])
    return Vlm(folder)


def records(run: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run.stdout.splitlines()]
