"""The demo's child processes: each logs to one folder, and all end however the parent ends."""

import ctypes
import os
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
POLL_S: Final = 0.1
LOG_LINES: Final = 15
PR_SET_PDEATHSIG: Final = 1


class ProcessSupervisor:
    """Runs Python modules as programs. When one of them has ended, every wait raises Unavailable."""

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
                start_new_session=True,  # Ctrl-C reaches the parent alone, which ends the processes in order
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            )

    def log(self, name: str) -> Path:
        """The file of a process's output."""
        return self.folder / f"{name}.log"

    def wait_for_output(self, name: str, pattern: str, timeout_s: float) -> str:
        """The first group of `pattern` in a process's output. Raises Unavailable after `timeout_s`."""
        deadline_s = time.monotonic() + timeout_s
        while not (match := re.search(pattern, self.log(name).read_text(errors="replace"))):
            self.check()
            if time.monotonic() > deadline_s:
                raise Unavailable(f"The {name} did not start in {timeout_s:.0f} s.{self._end_of_log(name)}")
            time.sleep(POLL_S)
        return match[1]

    def check(self) -> None:
        """Raise Unavailable, with the end of its log, if a process has ended."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise Unavailable(f"The {name} has ended.{self._end_of_log(name)}")

    def wait(self) -> None:
        """Wait until a process ends, and raise Unavailable."""
        while True:
            self.check()
            if sys.platform == "darwin":  # has no waitid
                time.sleep(1)
            else:
                os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)

    def stop(self) -> None:
        """End all processes; the first, which the others use, after them."""
        processes = list(self._running.values())
        _end(processes[1:])
        _end(processes[:1])
        self._running.clear()

    def _end_of_log(self, name: str) -> str:
        lines = self.log(name).read_text(errors="replace").splitlines()[-LOG_LINES:]
        return "\n".join([f" The end of {self.log(name)}:", *(f"  {line}" for line in lines)])


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Send SIGTERM to all of them, and SIGKILL after STOP_S."""
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
    """Have the kernel end this process when its parent dies. Runs in the child."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
