"""The demo's child processes: each with its log in one folder, all ended however the parent ends."""

import ctypes
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from vlm.errors import Unavailable

STOP_S: Final = 15.0
POLL_S: Final = 0.03
LOG_LINES: Final = 15
PR_SET_PDEATHSIG: Final = 1


class ProcessSupervisor:
    """Python modules run as programs, and watched: when one has ended, every wait raises Unavailable."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.folder = folder
        self._environ = dict(environ)
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(
        self, name: str, module: str, *arguments: str, environ: Mapping[str, str] | None = None
    ) -> None:
        """Run `python -m module arguments` with `environ` on top of the environment."""
        with self.log(name).open("wb") as log:
            self._running[name] = subprocess.Popen(  # noqa: S603 - our own modules
                [sys.executable, "-m", module, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**self._environ, **(environ or {}), "PYTHONUNBUFFERED": "1"},
                start_new_session=True,  # Ctrl-C is for the parent, which ends the parts in order
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            )

    def log(self, name: str) -> Path:
        """Where a part's output goes."""
        return self.folder / f"{name}.log"

    def wait_for(self, name: str, pattern: str, timeout_s: float) -> str:
        """The first group of `pattern` in a part's log. Raises Unavailable if it does not come in time."""
        deadline_s = time.monotonic() + timeout_s
        while not (found := re.search(pattern, self.log(name).read_text(errors="replace"))):
            self.check()
            if time.monotonic() > deadline_s:
                raise Unavailable(f"The {name} did not start in {timeout_s:.0f} s.{self._end_of_log(name)}")
            time.sleep(POLL_S)
        return found[1]

    def check(self) -> None:
        """Raise Unavailable, with the end of its log, if a part has ended."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise Unavailable(f"The {name} has ended.{self._end_of_log(name)}")

    def stop(self) -> None:
        """End all parts; the first one, on which the others lean, when they are gone."""
        processes = list(self._running.values())
        _end(processes[1:])
        _end(processes[:1])
        self._running.clear()

    def _end_of_log(self, name: str) -> str:
        lines = self.log(name).read_text(errors="replace").splitlines()[-LOG_LINES:]
        return "\n".join([f" The end of {self.log(name)}:", *(f"  {line}" for line in lines)])


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Ask all of them to end, and insist after STOP_S."""
    for process in processes:
        process.terminate()
    deadline_s = time.monotonic() + STOP_S
    for process in processes:
        try:
            process.wait(max(0.0, deadline_s - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _end_with_parent() -> None:
    """Have the kernel end this process when its parent is killed. Runs in the child."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
