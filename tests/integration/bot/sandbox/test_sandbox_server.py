"""The sandbox as a program: it serves this machine only, and remembers its chats."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from pathlib import Path

import httpx
import pytest
from support.sandboxes import picture

from bot.sandbox import page
from bot.sandbox.app import MAX_BYTES


@contextmanager
def program(*args: str) -> Iterator[str]:
    """The address of `python -m bot.sandbox`, which must end well on SIGTERM."""
    command = [sys.executable, "-m", "bot.sandbox", "--port", "0", *args]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield process.stdout.readline().split()[-1]
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(10)
    assert process.returncode in (0, -signal.SIGTERM)


def test_a_restart_keeps_chats_pictures_and_what_the_bot_has_not_fetched(tmp_path: Path) -> None:
    with program("--data", str(tmp_path)) as url:
        httpx.post(f"{url}/sandbox/send", files={"file": ("a.png", picture())}, data={"caption": "keep me"})
        first = httpx.get(f"{url}/bot1:a/getUpdates").json()["result"]
    with program("--data", str(tmp_path)) as url:
        (message,) = httpx.get(f"{url}/sandbox/messages").json()["messages"]
        assert httpx.get(f"{url}/bot1:a/getUpdates").json()["result"] == first
        assert (
            httpx.get(f"{url}/sandbox/file/{message['photo'][0]['file_id']}").headers["content-type"]
            == "image/jpeg"
        )
        later = httpx.post(f"{url}/sandbox/send", json={"text": "next"}).json()["messages"][0]
        assert later["message_id"] == message["message_id"] + 1


def test_samples_and_the_note_are_offered(tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(picture())
    (tmp_path / "secret.png").write_bytes(picture())
    (tmp_path / "samples.json").write_text(json.dumps([{"file": "cat.png", "caption": "a cat"}]))
    with program("--samples", str(tmp_path), "--about", "Tiny: knows a few things.") as url:
        (sample,) = httpx.get(f"{url}/sandbox/samples").json()
        assert sample["caption"] == "a cat" and httpx.get(url + sample["url"]).status_code == 200
        assert httpx.get(f"{url}/sandbox/sample/secret.png").status_code == 404
        sent = httpx.post(f"{url}/sandbox/send_sample", json={"file": "cat.png"}).json()["messages"]
        assert sent[0]["photo"]
        assert httpx.get(f"{url}/sandbox/state").json()["about"] == "Tiny: knows a few things."


def test_only_this_machine_is_served(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bot.sandbox", "--host", "192.0.2.1"]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 2 and "invalid choice" in refused.stderr
    with program() as url:
        assert httpx.get(url, headers={"Host": "evil.example"}).status_code == 400
        foreign = httpx.post(
            f"{url}/sandbox/send", json={"text": "x"}, headers={"Sec-Fetch-Site": "cross-site"}
        )
        assert foreign.status_code == 403


def test_the_map_of_the_page_names_every_address() -> None:
    for route in page.routes():
        assert route.path.split("/{")[0] in (page.__doc__ or ""), route.path


def test_a_taken_port_is_said_plainly() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "bot.sandbox", "--port", port]
        refused = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 1 and f"Port {port} cannot be used" in refused.stderr


@pytest.mark.promise("security#sandbox-request-limit")
def test_a_request_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    with program("--data", str(tmp_path)) as url:
        port = int(url.rpartition(":")[2])
        assert raw_response(port, f"Content-Length: {MAX_BYTES + 1}").startswith(b"HTTP/1.1 413")
        assert raw_response(port, "Transfer-Encoding: chunked").startswith(b"HTTP/1.1 411")


def raw_response(port: int, header: str) -> bytes:
    """The answer to the head of a request whose body never comes."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as caller:
        caller.sendall(f"POST /bot1:a/sendPhoto HTTP/1.1\r\nHost: localhost\r\n{header}\r\n\r\n".encode())
        return caller.recv(4096)


def test_who_waits_for_an_answer_or_between_two_requests_is_not_cut_off() -> None:
    wait = b"GET /sandbox/messages?since=0&wait_s=1 HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with program() as url, calling(url) as caller:
        for _ in range(2):
            caller.sendall(wait)
            assert answered(caller) == 200
            time.sleep(0.5)


def answered(caller: socket.socket) -> int:
    """The status of an answer, which is read to its end."""
    with HTTPResponse(caller) as answer:
        answer.begin()
        answer.read()
        return answer.status


def calling(url: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=60)
