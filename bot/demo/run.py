"""`afterimage demo`: everything on this machine, in the same processes as a real deployment.

    vlm server ◄── vlm worker
         ▲
        bot ◄──► sandbox: a stand-in for Telegram, with the chat page

Chats, memories and logs are in one folder. A process that ends by itself ends the demo, which then prints the
end of its log.
"""

import argparse
import asyncio
import contextlib
import fcntl
import importlib.resources
import json
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any, Final

import httpx

from bot.demo.process_supervisor import ProcessSupervisor
from bot.settings import Settings, variable_name
from vlm.errors import BadSetting, Unavailable
from vlm.queue.client import Client

PORTS: Final = range(8080, 8100)
DATA: Final = Path("data/demo")
START_S: Final = 30.0
LOAD_S: Final = 3600.0  # a model may have to be downloaded first
ANSWER_S: Final = 120.0
POLL_S: Final = 0.1
QUESTION: Final = "What colour is the background?"
FULL_MODEL: Final = "Salesforce/blip2-flan-t5-xl"
ASSETS: Final = Path(str(importlib.resources.files("vlm"))) / "assets"

Json = dict[str, Any]


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Start all processes, show one round, and serve until Ctrl-C (not with --once). The exit status.

    Raises:  BadSetting for a port or folder that cannot be used, Unavailable when a process fails.
    """
    model, once = arguments.model, arguments.once
    _print(f"Starting Afterimage with the model {model} …")
    with contextlib.ExitStack() as stack:
        stack.enter_context(_signals_interrupt())
        try:
            processes = ProcessSupervisor(stack.enter_context(_folder(arguments.data, once)), environ)
            stack.callback(processes.stop)
            page = _start(processes, model, _free_port(arguments.port))
            _show_round(processes, page)
            if not once:
                _print(f"\nChat page: {page}\nLogs:      {processes.folder}\n\nCtrl-C ends it.")
                processes.wait()
        except KeyboardInterrupt:
            _print("\nStopping …")
    return 0


def _start(processes: ProcessSupervisor, model: str, port: int) -> str:
    """Start every process; the address of the chat page, once a worker is ready."""
    processes.start("server", "vlm.cli", "server", "--dir", str(processes.folder / "server"))
    redis_url = processes.wait_for_output("server", r"((?:redis|unix)://\S+)", START_S)
    # first, because importing torch takes the longest
    processes.start("worker", "vlm.cli", "worker", "--model", _absolute(model), "--redis", redis_url)
    processes.start(
        "sandbox",
        "bot.sandbox",
        *("--port", str(port)),
        *("--samples", str(ASSETS / "samples")),
        *("--about", _about(model)),
        *("--data", str(processes.folder / "sandbox")),
    )
    page = processes.wait_for_output("sandbox", r"(http://\S+)", START_S)
    processes.start("bot", "bot", "run", environ=_bot_settings(page, redis_url))
    asyncio.run(_wait_for_worker(processes, redis_url))
    return page


def _bot_settings(page: str, redis_url: str) -> dict[str, str]:
    """The settings of the demo's bot: none of a real bot's apply; an empty one counts as not set."""
    unset = {variable_name(field): "" for field in Settings.__struct_fields__}
    return {**unset, "BOT_TOKEN": "1:sandbox", "BOT_API_URL": page, "REDIS_URL": redis_url}


async def _wait_for_worker(processes: ProcessSupervisor, redis_url: str) -> None:
    deadline_s = time.monotonic() + LOAD_S
    async with Client.connect(redis_url) as client:
        while not await client.models():
            processes.check()
            if time.monotonic() > deadline_s:
                raise Unavailable(f"The model did not load in an hour; see {processes.log('worker')}.")
            await asyncio.sleep(POLL_S)


def _show_round(processes: ProcessSupervisor, page: str) -> None:
    """Send a sample and a question about it, as a user of the page would, and print the answers.

    Raises:  Unavailable if either is not answered.
    """
    with httpx.Client(base_url=page, timeout=ANSWER_S) as user:
        samples = user.get("/sandbox/samples").json()
        if not samples:
            raise Unavailable(f"There are no sample pictures in {ASSETS / 'samples'}.")
        sample = samples[0]["file"]
        _print(f"\nYou send:  {sample}")
        photo = _sent(user.post("/sandbox/send_sample", json={"file": sample}))
        _print(f"It says:   {_answer(processes, user, photo)}")
        _print(f"You ask:   {QUESTION}")
        question = _sent(user.post("/sandbox/send", json={"text": QUESTION, "reply_to": photo}))
        _print(f"It says:   {_answer(processes, user, question)}")


def _sent(response: httpx.Response) -> int:
    """The id of the message that was sent."""
    return int(response.raise_for_status().json()["messages"][0]["message_id"])


def _answer(processes: ProcessSupervisor, user: httpx.Client, message_id: int) -> str:
    """The bot's answer to a message, and how long it took. Raises Unavailable without an answer."""
    start_s, version = time.monotonic(), -1
    while time.monotonic() - start_s < ANSWER_S:
        processes.check()
        params = {"after": message_id, "since": version, "wait_s": 1}
        chat = user.get("/sandbox/messages", params=params).json()
        version = chat["version"]
        for text in (message["text"] for message in chat["messages"] if _replies_to(message, message_id)):
            if text.startswith("AI "):
                return f"{text}   ({time.monotonic() - start_s:.1f} s)"
            if not text.endswith("…"):
                raise Unavailable(f"The bot answered: {text}")
    raise Unavailable(f"No answer in {ANSWER_S:.0f} seconds; the logs are in {processes.folder}.")


def _replies_to(message: Json, message_id: int) -> bool:
    return "text" in message and message.get("reply_to_message", {}).get("message_id") == message_id


def _about(model: str) -> str:
    """The chat page's note about the model."""
    card = (ASSETS / "tiny" if model == "tiny" else Path(model)) / "card.json"
    knows = json.loads(card.read_text()).get("knows", "") if card.is_file() else ""
    real = f"For photographs, start the full model: afterimage demo --model {FULL_MODEL}" if knows else ""
    return " ".join(part for part in (f"The model that answers here is {model}.", knows, real) if part)


def _absolute(model: str) -> str:
    """The model; a folder by its absolute path."""
    return str(Path(model).absolute()) if Path(model).is_dir() else model


@contextlib.contextmanager
def _folder(data: Path | None, once: bool) -> Iterator[Path]:
    """The folder that keeps everything. Raises BadSetting while another demo uses it."""
    if once and data is None:
        with tempfile.TemporaryDirectory(prefix="afterimage-demo-", ignore_cleanup_errors=True) as temporary:
            yield Path(temporary)
        return
    folder = (data or DATA).absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "demo.lock").open("w")
    except OSError as error:
        raise BadSetting(f"{folder} cannot be used: {error.strerror}. Choose another with --data.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadSetting(f"A demo runs in {folder} already. Stop it, or choose another --data.") from None
        yield folder


def _free_port(requested: int | None) -> int:
    """The requested port, or the first free one. Raises BadSetting if it cannot be used."""
    if requested is not None and not 0 < requested < 65_536:
        raise BadSetting(f"There is no port {requested}. Choose one from 1 to 65535 with --port.")
    for port in PORTS if requested is None else [requested]:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    taken = (
        f"Port {requested} is" if requested is not None else f"Ports {PORTS.start} to {PORTS.stop - 1} are"
    )
    raise BadSetting(f"{taken} taken. Choose another with --port.")


@contextlib.contextmanager
def _signals_interrupt() -> Iterator[None]:
    """SIGTERM and SIGHUP end the demo as Ctrl-C does; further signals are ignored while it ends."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        for signum in signals:
            signal.signal(signum, signal.SIG_IGN)
        raise KeyboardInterrupt

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, interrupt) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
