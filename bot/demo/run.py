"""`afterimage demo`: everything on this machine, each part a process of its own as in earnest.

    vlm server ◄── vlm worker
         ▲
        bot ◄──► sandbox: Telegram's stand-in, with the chat page

Chats, memories and the parts' logs are in one folder. A part that ends by itself ends the demo, which
then shows the end of its log.
"""

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
from bot.settings import Settings, variable
from vlm.errors import BadSetting, Unavailable
from vlm.queue.client import Client

PORTS: Final = range(8080, 8100)
DATA: Final = Path("data/demo")
START_S: Final = 30.0
LOAD_S: Final = 3600.0  # a model may have to be fetched first
ANSWER_S: Final = 120.0
POLL_S: Final = 0.1
QUESTION: Final = "What colour is the background?"
FULL_MODEL: Final = "Salesforce/blip2-flan-t5-xl"
ASSETS: Final = Path(str(importlib.resources.files("vlm"))) / "assets"

Json = dict[str, Any]


def run(*, model: str, port: int | None, once: bool, data: Path | None, environ: Mapping[str, str]) -> int:
    """Start all parts, show one round, and serve until Ctrl-C (not with `once`). The exit status.

    Raises:  BadSetting for a port or folder that cannot be used, Unavailable when a part fails.
    """
    _say(f"Starting Afterimage with the model {model} …")
    with contextlib.ExitStack() as stack:
        stack.enter_context(_signals_interrupt())
        try:
            parts = ProcessSupervisor(stack.enter_context(_folder(data, once)), environ)
            stack.callback(parts.stop)
            page = _start(parts, model, _free_port(port))
            _show_round(parts, page)
            if not once:
                _say(f"\nChat page: {page}\nLogs:      {parts.folder}\n\nCtrl-C ends it.")
                _wait(parts)
        except KeyboardInterrupt:
            _say("\nStopping …")
    return 0


def _start(parts: ProcessSupervisor, model: str, port: int) -> str:
    """Start every part; the address of the chat page, once a worker is ready."""
    parts.start("server", "vlm.cli", "server", "--dir", str(parts.folder / "server"))
    redis_url = parts.wait_for("server", r"((?:redis|unix)://\S+)", START_S)
    # first, because importing torch takes the longest
    parts.start("worker", "vlm.cli", "worker", "--model", _absolute(model), "--redis", redis_url)
    parts.start(
        "sandbox",
        "bot.sandbox",
        *("--port", str(port)),
        *("--samples", str(ASSETS / "samples")),
        *("--about", _about(model)),
        *("--data", str(parts.folder / "sandbox")),
    )
    page = parts.wait_for("sandbox", r"(http://\S+)", START_S)
    parts.start("bot", "bot", "run", environ=_bot_settings(page, redis_url))
    asyncio.run(_worker_ready(parts, redis_url))
    return page


def _bot_settings(page: str, redis_url: str) -> dict[str, str]:
    """The demo's bot listens to none of the settings of a real one; empty counts as not set."""
    unset = {variable(field): "" for field in Settings.__struct_fields__}
    return {**unset, "BOT_TOKEN": "1:sandbox", "BOT_API_URL": page, "REDIS_URL": redis_url}


async def _worker_ready(parts: ProcessSupervisor, redis_url: str) -> None:
    deadline_s = time.monotonic() + LOAD_S
    async with Client.connect(redis_url) as client:
        while not await client.models():
            parts.check()
            if time.monotonic() > deadline_s:
                raise Unavailable(f"The model did not load in an hour; see {parts.log('worker')}.")
            await asyncio.sleep(POLL_S)


def _show_round(parts: ProcessSupervisor, page: str) -> None:
    """Send a sample and a question about it, as a person would on the page, and print what comes back.

    Raises Unavailable if either is not answered.
    """
    with httpx.Client(base_url=page, timeout=ANSWER_S) as person:
        samples = person.get("/sandbox/samples").json()
        if not samples:
            raise Unavailable(f"There are no sample pictures in {ASSETS / 'samples'}.")
        sample = samples[0]["file"]
        _say(f"\nYou send:  {sample}")
        photo = _sent(person.post("/sandbox/send_sample", json={"file": sample}))
        _say(f"It says:   {_answer(parts, person, photo)}")
        _say(f"You ask:   {QUESTION}")
        asked = _sent(person.post("/sandbox/send", json={"text": QUESTION, "reply_to": photo}))
        _say(f"It says:   {_answer(parts, person, asked)}")


def _sent(response: httpx.Response) -> int:
    return int(response.raise_for_status().json()["messages"][0]["message_id"])


def _answer(parts: ProcessSupervisor, person: httpx.Client, asked: int) -> str:
    """What the bot says to a message at last, and after how long. Raises Unavailable without an answer."""
    start_s, version = time.monotonic(), -1
    while time.monotonic() - start_s < ANSWER_S:
        parts.check()
        news = {"after": asked, "since": version, "wait_s": 1}
        told = person.get("/sandbox/messages", params=news).json()
        version = told["version"]
        for text in (message["text"] for message in told["messages"] if _replies_to(message, asked)):
            if text.startswith("AI "):
                return f"{text}   ({time.monotonic() - start_s:.1f} s)"
            if not text.endswith("…"):
                raise Unavailable(f"The bot answered: {text}")
    raise Unavailable(f"No answer in {ANSWER_S:.0f} seconds; the logs are in {parts.folder}.")


def _replies_to(message: Json, asked: int) -> bool:
    return "text" in message and message.get("reply_to_message", {}).get("message_id") == asked


def _wait(parts: ProcessSupervisor) -> None:
    """Until Ctrl-C. Raises Unavailable if a part ends before."""
    while True:
        parts.check()
        time.sleep(1)


def _about(model: str) -> str:
    """What the chat page says about the model."""
    card = (ASSETS / "tiny" if model == "tiny" else Path(model)) / "card.json"
    knows = json.loads(card.read_text()).get("knows", "") if card.is_file() else ""
    real = f"For photographs, start the full model: afterimage demo --model {FULL_MODEL}" if knows else ""
    return " ".join(part for part in (f"The model that answers here is {model}.", knows, real) if part)


def _absolute(model: str) -> str:
    """A model that is a folder, as the parts find it too."""
    return str(Path(model).absolute()) if Path(model).is_dir() else model


@contextlib.contextmanager
def _folder(data: Path | None, once: bool) -> Iterator[Path]:
    """Where the demo keeps everything; one demo at a time. Raises BadSetting while another uses it."""
    if once and data is None:
        with tempfile.TemporaryDirectory(prefix="afterimage-demo-", ignore_cleanup_errors=True) as passing:
            yield Path(passing)
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


def _free_port(wanted: int | None) -> int:
    """The port that was asked for, or the first free one. Raises BadSetting if it cannot be had."""
    if wanted is not None and not 0 < wanted < 65_536:
        raise BadSetting(f"There is no port {wanted}. Choose one from 1 to 65535 with --port.")
    for port in PORTS if wanted is None else [wanted]:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    taken = f"Port {wanted} is" if wanted is not None else f"Ports {PORTS.start} to {PORTS.stop - 1} are"
    raise BadSetting(f"{taken} taken. Choose another with --port.")


@contextlib.contextmanager
def _signals_interrupt() -> Iterator[None]:
    """SIGTERM and a closed terminal end the demo as Ctrl-C does; once it is ending, no signal hurries it."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
