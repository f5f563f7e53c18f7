"""`afterimage demo` starts everything, shows one round, and leaves nothing behind."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from support.bot_stack import wait_until
from support.paths import ROOT

# What a person may have set for a real bot; the demo must not touch it.
REAL_BOT = {"BOT_API_URL": "http://127.0.0.1:9", "BOT_TOKEN": "1:real", "REDIS_URL": "redis://127.0.0.1:9/0"}


class Demo:
    """A demo with the echo engine, its output in a file."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.output = folder / f"output-{time.monotonic_ns()}.txt"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot", "demo", "--model", "echo", *arguments],
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(ROOT), **REAL_BOT},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def text(self) -> str:
        return self.output.read_text()

    def page(self) -> str:
        """The address of the chat page, once it is shown."""

        def shown() -> re.Match[str] | None:
            assert self.process.poll() is None, self.text
            return re.search(r"Chat page: +(http://\S+)", self.text)

        return str(wait_until(shown, 60)[1])

    def parts(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


@pytest.fixture
def demos() -> Iterator[list[Demo]]:
    started: list[Demo] = []
    yield started
    for demo in started:
        if demo.process.poll() is None:
            demo.end(signal.SIGTERM)


def gone(parts: list[psutil.Process]) -> bool:
    return not any(part.is_running() and part.status() != psutil.STATUS_ZOMBIE for part in parts)


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return str(probe.getsockname()[1])


def messages(demo: Demo) -> int:
    return len(httpx.get(f"{demo.page()}/sandbox/messages").json()["messages"])


def test_once_shows_a_caption_and_an_answer_and_ends_well(tmp_path: Path, demos: list[Demo]) -> None:
    demos.append(demo := Demo(tmp_path, "--once"))
    assert demo.process.wait(60) == 0, demo.text
    assert re.search(r"It says: +AI caption: a \w+ picture of", demo.text)
    assert re.search(r"It says: +AI answer: What colour is the background\?", demo.text)
    assert list(tmp_path.iterdir()) == [demo.output]


def test_it_serves_its_page_until_it_is_told_to_stop_and_then_goes_on_where_it_was(
    tmp_path: Path, demos: list[Demo]
) -> None:
    port = free_port()
    demos.append(first := Demo(tmp_path, "--port", port))
    assert first.page() == f"http://127.0.0.1:{port}"
    assert messages(first) == 4
    for arguments, says in (
        (["--port", port, "--data", "other"], "--port"),
        (["--port", free_port()], "--data"),
    ):
        demos.append(second := Demo(tmp_path, *arguments))
        assert second.process.wait(60) == 2
        assert says in second.text
    parts = first.parts()
    assert len(parts) >= 4
    assert first.end(signal.SIGINT) == 0
    assert gone(parts)

    demos.append(again := Demo(tmp_path, "--port", port))
    again.page()
    assert messages(again) == 8
    [worker] = [part for part in again.parts() if "worker" in part.cmdline()]
    worker.kill()
    assert again.process.wait(60) == 1
    assert "The worker has ended. The end of" in again.text
    assert "Traceback" not in again.text


def test_a_demo_that_is_killed_takes_its_parts_along(tmp_path: Path, demos: list[Demo]) -> None:
    demos.append(demo := Demo(tmp_path, "--port", free_port()))
    demo.page()
    parts = demo.parts()
    demo.end(signal.SIGKILL)
    wait_until(lambda: gone(parts))


def test_a_port_that_does_not_exist_is_refused_in_a_line(tmp_path: Path, demos: list[Demo]) -> None:
    demos.append(demo := Demo(tmp_path, "--port", "99999"))
    assert demo.process.wait(60) == 2
    assert "There is no port 99999" in demo.text
