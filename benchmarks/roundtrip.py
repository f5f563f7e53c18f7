"""Latency of the demo: from sending a sample on the chat page until its caption is shown.

    python benchmarks/roundtrip.py [--count 30] [--model tiny]

Starts a demo and sends the samples one after another. `shown` is the latency on the page; `model` is the
worker's time for the batch, including decoding and memory; `rest` is everything else: stand-in server, bot,
queue, delivery. The last line is JSON.
"""

import argparse
import json
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

START_S = 120.0
WAIT_S = 30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=30, help="pictures to send (default: %(default)s)")
    parser.add_argument("--model", default="tiny", help="as in `afterimage demo` (default: %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="afterimage-roundtrip-") as folder:
        demo, url = start(Path(folder), options.model)
        try:
            with httpx.Client(base_url=url, timeout=WAIT_S) as page:
                rows = measure(page, options.count, Path(folder) / "data" / "bot.log")
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait()
    report(rows, options.model)


def start(folder: Path, model: str) -> tuple[subprocess.Popen[bytes], str]:
    """A demo, and the address of its page."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    command = [
        sys.executable,
        "-m",
        "bot",
        "demo",
        "--model",
        model,
        "--port",
        port,
        "--data",
        f"{folder}/data",
    ]
    output = folder / "output.txt"
    with output.open("wb") as out:
        demo = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
    deadline_s = time.monotonic() + START_S
    while not (match := re.search(r"Chat page: +(http://\S+)", output.read_text())):
        if demo.poll() is not None or time.monotonic() > deadline_s:
            demo.terminate()
            sys.exit(f"The demo did not start:\n{output.read_text()}")
        time.sleep(0.1)
    return demo, match[1]


def measure(page: httpx.Client, count: int, log: Path) -> list[tuple[float, float]]:
    """For each picture: ms until its caption is shown, and ms of them in the worker."""
    samples = [sample["file"] for sample in page.get("/sandbox/samples").json()]
    rows = []
    for number in range(count):
        start_s = time.perf_counter()
        response = page.post("/sandbox/send_sample", json={"file": samples[number % len(samples)]}).json()
        photo = response["messages"][0]
        wait_for_caption(page, photo["message_id"])
        shown_ms = 1000 * (time.perf_counter() - start_s)
        rows.append((shown_ms, ran_ms(log, f"{photo['chat']['id']}-{photo['message_id']}")))
    return rows


def wait_for_caption(page: httpx.Client, photo: int) -> None:
    """Return as soon as the page has the caption."""
    version = -1
    while True:
        news = {"after": photo, "since": version, "wait_s": WAIT_S}
        reply = page.get("/sandbox/messages", params=news).json()
        version = reply["version"]
        if any(message.get("text", "").startswith("AI caption") for message in reply["messages"]):
            return


def ran_ms(log: Path, job: str) -> float:
    """The worker's time for the job in ms, from the bot's log."""
    deadline_s = time.monotonic() + WAIT_S
    while not (match := re.search(rf"job {job}: waited \d+ ms, ran (\d+) ms", log.read_text())):
        if time.monotonic() > deadline_s:
            sys.exit(f"The bot's log does not mention job {job}.")
        time.sleep(0.01)
    return float(match[1])


def report(rows: list[tuple[float, float]], model: str) -> None:
    columns = {
        "shown": [shown for shown, _ in rows],
        "model": [ran for _, ran in rows],
        "rest": [shown - ran for shown, ran in rows],
    }
    figures = {
        name: {
            "median": round(statistics.median(values), 1),
            "p95": round(statistics.quantiles(values, n=20)[-1], 1),
        }
        for name, values in columns.items()
    }
    print(f"{len(rows)} pictures, model {model}\n\n{'ms':8} {'median':>8} {'p95':>8}")
    for name, figure in figures.items():
        print(f"{name:8} {figure['median']:8} {figure['p95']:8}")
    print(json.dumps({"benchmark": "roundtrip", "checkpoint": model, "pictures": len(rows), "ms": figures}))


if __name__ == "__main__":
    main()
