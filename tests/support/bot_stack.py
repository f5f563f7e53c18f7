"""Redis, sandbox, worker (echo engine) and bot, each a process, and people who write to the bot."""

import io
import itertools
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import msgspec
from PIL import Image
from redis import Redis

from bot.state.job_stats import JobRecord
from support.programs import BOT, LEASE_S
from support.waiting import DEADLINE_S, until, wait_until  # noqa: F401 - tests take `until` from here, too
from vlm.protocol import ModelInfo
from vlm.queue.server import Server, start

Json = dict[str, Any]

START_S = 60.0
ANSWER_S = DEADLINE_S
TOKEN = "1:sandbox-token"

_chats = itertools.count(7_000_000_001)
_groups = itertools.count(-1_000_001, -1)


def picture(
    colour: str = "red", size: tuple[int, int] = (64, 48), kind: str = "PNG", **options: Any
) -> bytes:
    """A picture of one colour; the echo engine captions it with colour and size."""
    data = io.BytesIO()
    Image.new("RGB", size, colour).save(data, kind, **options)
    return data.getvalue()


def buttons(message: Json) -> Json:
    """Label -> callback data of a message's buttons."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return {key["text"]: key.get("callback_data") for row in rows for key in row}


def slow_worker(redis: Redis, seconds_a_job: float) -> None:
    """Make the bot believe that one worker is alive and takes `seconds_a_job`."""
    beat = msgspec.msgpack.encode(ModelInfo(name="echo", revision="echo-1"))
    redis.set("{afterimage}:worker:slow", beat)
    redis.sadd("{afterimage}:workers", "slow")
    now_ms = int(1000 * redis.time()[0])
    ran_ms = int(1000 * seconds_a_job)
    for number in range(10):
        past = JobRecord(now_ms - number * ran_ms, 0, ran_ms, 1)
        redis.lpush("{afterimage}:tally", msgspec.msgpack.encode(past))


class Person:
    """A user, in a private chat or in a group.

    `who` describes the user to the sandbox: user, name, language, and the topic of a forum.
    """

    def __init__(self, stack: "Stack", chat: int | None = None, **who: Any) -> None:
        self.chat = chat or next(_chats)
        self._stack = stack
        self.who = {"chat": self.chat, **who}

    def write(self, text: str, reply_to: int | None = None) -> int:
        """Send a text. Returns the message id."""
        return self._send({"text": text} | ({"reply_to": reply_to} if reply_to else {}))

    def send(self, data: bytes, name: str = "picture.png", **extra: Any) -> int:
        """Send a picture, or with `as_file` a file. Returns the message id."""
        fields = {key: str(value) for key, value in (self.who | extra).items()}
        told = self._stack.call("POST", "send", data=fields, files={"file": (name, data)})
        return int(told["messages"][0]["message_id"])

    def send_album(self, *pictures: bytes, **extra: Any) -> list[int]:
        """Send several pictures as one album. Returns the message ids."""
        fields = {key: str(value) for key, value in (self.who | extra).items()}
        files = [("file", (f"{n}.png", data)) for n, data in enumerate(pictures)]
        told = self._stack.call("POST", "send", data=fields, files=files)
        return [int(message["message_id"]) for message in told["messages"]]

    def send_content(self, **content: Any) -> int:
        """Send a message of any kind."""
        return self._send({"content": content})

    def edit(self, message: int, text: str) -> None:
        """Edit one of the user's own texts."""
        self._stack.call("POST", "edit", json={**self.who, "message_id": message, "text": text})

    def act(self, action: str, **about: Any) -> Json:
        """Do something else in the chat: block, unblock, promote, migrate; see bot/sandbox/page.py."""
        done: Json = self._stack.call("POST", action, json={**self.who, **about})
        return done

    def press(self, message: int, data: str) -> Json:
        """Press a button. Returns the bot's answer to the callback query."""
        query = self.act("press", message_id=message, data=data)["query"]
        answer: Json = self._stack.call("GET", "answer", params={"query": query, "wait_s": 30})
        return answer

    def push(self, message: Json, label: str) -> Json:
        """The same, by the button's label."""
        return self.press(message["message_id"], buttons(message)[label])

    def messages(self) -> list[Json]:
        """All messages of the chat."""
        messages: list[Json] = self._stack.call("GET", "messages", params=self.who)["messages"]
        return messages

    def bot_texts(self) -> list[str]:
        """The texts of the bot's messages in the chat."""
        return [
            message["text"] for message in self.messages() if message["from"]["is_bot"] and "text" in message
        ]

    def replies(self, message: int) -> list[Json]:
        """The bot's answers to a message; some reply to the photo that the message is about."""
        idempotency_keys = self._stack.idempotency_keys(self.chat)

        def belongs(reply: Json) -> bool:
            answered = idempotency_keys.get(reply["message_id"], "").split("-")[0]
            if answered.isdecimal():
                return answered == str(message)
            return bool(reply.get("reply_to_message", {}).get("message_id") == message)

        return [reply for reply in self.messages() if reply["from"]["is_bot"] and belongs(reply)]

    def answer(self, message: int, pattern: str = "", timeout_s: float = ANSWER_S) -> Json:
        """The bot's final answer to a message, matching `pattern`; placeholders are skipped."""

        def final_answer() -> Json | None:
            for reply in self.replies(message):
                if "text" not in reply:
                    continue
                final = not reply["text"].endswith("…") and "in line" not in reply["text"]
                if (re.search(pattern, reply["text"]) if pattern else final) is not None and (
                    pattern or final
                ):
                    return reply
            return None

        return wait_until(final_answer, timeout_s)  # type: ignore[no-any-return]

    def answer_text(self, message: int, pattern: str = "", timeout_s: float = ANSWER_S) -> str:
        """The text of that answer."""
        return str(self.answer(message, pattern, timeout_s)["text"])

    def calls(self, method: str) -> list[Json]:
        """The bot's API calls of a method for this chat."""
        calls: list[Json] = self._stack.call("GET", "calls", params={"method": method, "chat": self.chat})
        return calls

    def inject_fault(self, **fault: Any) -> None:
        """From now on, inject a fault into Bot API calls for this chat; see bot/sandbox/faults.py."""
        self._stack.inject_fault(chat=self.chat, **fault)

    def _send(self, body: Json) -> int:
        told = self._stack.call("POST", "send", json={**self.who, **body})
        return int(told["messages"][0]["message_id"])


class Stack:
    """The processes. `page` is the sandbox's URL; the log of each process is NAME.log in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.page = ""
        self.server: Server = start(folder / "server")
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._http = httpx.Client(timeout=60)

    def start_all(self, **bot_settings: str) -> None:
        self.start_sandbox()
        self.start_worker()
        self.start_bot(**bot_settings)

    def start_sandbox(self) -> None:
        port = self.page.rpartition(":")[2] or "0"
        self._start("sandbox", ["-m", "bot.sandbox", "--port", port, "--data", str(self.folder / "sandbox")])
        self.page = self.log_line("sandbox", r"(http://\S+)")

    def start_worker(self, name: str = "worker", **environ: str) -> None:
        command = ["-m", "vlm.cli", "worker", "--model", "echo", "--redis", self.server.url]
        self._start(name, command, VLM_LEASE_S=str(int(LEASE_S)), **environ)
        self.log_line(name, "(ready)")

    def start_bot(self, name: str = "bot", patches: str = "", **environ: str) -> None:
        """Start the bot after `patches`, Python statements: see programs.py."""
        settings = {"BOT_TOKEN": TOKEN, "BOT_API_URL": self.page, "REDIS_URL": self.server.url}
        self._start(name, ["-c", BOT % patches], **{**settings, **environ})

    def restart_server(self) -> None:
        self.server.stop()
        self.server = start(self.folder / "server")

    def person(self) -> Person:
        return Person(self)

    def group(self, count: int, supergroup: bool = False) -> list[Person]:
        """People in a new group; the first is its creator."""
        people = [next(_chats) for _ in range(count)]
        group = next(_groups) - (10**12 if supergroup else 0)
        return [Person(self, group, user=user) for user in people]

    def call(self, method: str, path: str, **request: Any) -> Any:
        """Call the sandbox's own interface, as its page does."""
        answer = self._http.request(method, f"{self.page}/sandbox/{path}", **request)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def call_bot(self, method: str, **args: Any) -> Any:
        """Call the Bot API with the bot's token."""
        answer = self._http.post(f"{self.page}/bot{TOKEN}/{method}", json=args)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    def inject_fault(self, **fault: Any) -> None:
        """From now on, inject a fault into Bot API calls."""
        self.call("POST", "faults", json=fault)

    def injected_faults(self) -> list[Json]:
        """All injected faults, each with its hits."""
        faults: list[Json] = self.call("GET", "faults")
        return faults

    def idempotency_keys(self, chat: int) -> dict[int, str]:
        """Message id -> idempotency key, as the bot recorded them."""
        with Redis.from_url(self.server.url, decode_responses=True) as redis:
            sent: Any = redis.hgetall(f"said:{{{chat}}}")
        return {int(message): key for key, message in sent.items() if message}

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def log_line(self, name: str, pattern: str, timeout_s: float = START_S) -> str:
        """The first group of a pattern, once the log of a process matches it."""

        def first_group() -> str:
            match = re.search(pattern, self.log(name))
            assert match or self._running[name].poll() is None, f"{name} has ended:\n{self.log(name)}"
            return match[1] if match else ""

        return str(wait_until(first_group, timeout_s))

    def kill(self, *names: str) -> None:
        """End processes with SIGKILL."""
        for name in names:
            self._running[name].kill()
            self._running.pop(name).wait()

    def stop(self, name: str) -> int:
        """End a process with SIGTERM. Returns its exit status."""
        process = self._running.pop(name)
        process.send_signal(signal.SIGTERM)
        return process.wait(ANSWER_S)

    def signal(self, name: str, number: int) -> None:
        """Send a signal, such as SIGSTOP or SIGCONT, to a process."""
        self._running[name].send_signal(number)

    def close(self) -> None:
        self.kill(*self._running)
        self.server.kill()
        self._http.close()

    def _start(self, name: str, command: list[str], **environ: str) -> None:
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("BOT_", "VLM_"))}
        with (self.folder / f"{name}.log").open("ab") as log:
            log.truncate(0)
            self._running[name] = subprocess.Popen(
                [sys.executable, *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**inherited, "PYTHONUNBUFFERED": "1", **environ},
            )
