"""The Redis users of docker/users.acl may do what bot and worker need, and no more."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError
from support.bot_stack import TOKEN, Person, Stack, picture, wait_until
from support.paths import ROOT

from vlm.queue import server

ACL = ROOT / "docker" / "users.acl"
USERS = {"bot": "bot-pw", "worker": "worker-pw", "exporter": "exporter-pw"}


def as_user(stack: Stack, name: str) -> str:
    return stack.server.url.replace("unix://", f"unix://{name}:{USERS[name]}@")


def allow(stack: Stack) -> None:
    """Give the running server the file's users; its own one stays, for the tests."""
    with Redis.from_url(stack.server.url) as redis:
        for line in ACL.read_text().splitlines():
            _, name, *rules = line.split()
            if name in USERS:
                redis.execute_command("ACL", "SETUSER", name, *rules, f">{USERS[name]}")


@pytest.mark.promise("security#redis-users")
def test_bot_and_worker_do_their_work_as_their_users(own_stack: Stack) -> None:
    allow(own_stack)
    own_stack.start_sandbox()
    owner, own_stack.server.url = own_stack.server.url, as_user(own_stack, "worker")
    own_stack.start_worker()
    own_stack.server.url = owner
    own_stack.start_bot(REDIS_URL=as_user(own_stack, "bot"))
    person = own_stack.person()
    photo = person.send(picture("red"))
    assert "a red picture" in person.answer_text(photo)
    assert person.answer_text(person.write("what colour is it?", reply_to=photo))
    assert person.answer_text(person.write("/recent"))
    assert person.answer_text(person.write("/stats"))
    assert person.answer_text(person.write("/find red"))
    assert person.answer_text(person.write("/export"), "Here is")
    a_group_moves(own_stack)
    everything_is_forgotten(person)
    for command in (["bot", "health"], ["vlm.cli", "health"]):
        is_well(own_stack, *command)
    with Redis.from_url(own_stack.server.url, decode_responses=True) as redis:
        refused = [(entry["username"], entry["reason"], entry["object"]) for entry in redis.acl_log()]
    assert refused == []


def a_group_moves(stack: Stack) -> None:
    ann = stack.group(1)[0]
    ann.answer_text(ann.write("/auto on"))
    ann.answer(ann.send(picture("blue")), "AI caption")
    new = Person(stack, ann.act("migrate")["chat"], user=ann.who["user"])
    wait_until(lambda: photos_of(stack, new.chat) and not photos_of(stack, ann.chat))
    assert "a green picture" in new.answer_text(new.send(picture("green")), "AI caption")


def everything_is_forgotten(person: Person) -> None:
    person.answer_text(person.send(picture("green")))
    photo = person.send(picture("blue"))
    person.answer_text(photo)
    assert "have forgotten" in person.answer_text(person.write("/forget", reply_to=photo))
    question = person.answer(person.write("/forget all"))
    [yes] = question["reply_markup"]["inline_keyboard"][0]
    person.press(question["message_id"], yes["callback_data"])
    wait_until(lambda: any("I have forgotten everything" in text for text in person.bot_texts()))


def photos_of(stack: Stack, chat: int) -> int:
    with Redis.from_url(stack.server.url) as redis:
        return int(redis.zcard(f"photos:{{{chat}}}"))


def is_well(stack: Stack, module: str, *arguments: str) -> None:
    """A container's health check, as its role."""
    url = as_user(stack, module.split(".")[0].replace("vlm", "worker"))
    environ = os.environ | {"REDIS_URL": url, "BOT_TOKEN": TOKEN}
    command = [sys.executable, "-m", module, *arguments]
    run = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Path]:
    """The socket of a server with the file as it is shipped, and a password added to each user."""
    lines = [
        f"{line} >{USERS[line.split()[1]]}" if line.split()[1] in USERS else line
        for line in ACL.read_text().splitlines()
    ]
    file, socket = tmp_path / "users.acl", tmp_path / "s"
    file.write_text("\n".join(lines) + "\n")
    options = ["--port", "0", "--unixsocket", str(socket), "--aclfile", str(file), "--save", ""]
    process = subprocess.Popen([server.find_binary(), *options, "--dir", tmp_path], stdout=subprocess.DEVNULL)
    try:
        deadline_s = time.monotonic() + 60
        while not socket.exists():
            assert process.poll() is None and time.monotonic() < deadline_s, "the server did not start"
            time.sleep(0.02)
        yield socket
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.mark.promise("security#redis-users")
def test_nobody_comes_in_without_a_user(guarded: Path) -> None:
    with Redis(unix_socket_path=str(guarded), retry=None) as stranger, pytest.raises(AuthenticationError):
        stranger.ping()


FORBIDDEN = [
    "FLUSHALL",
    "FLUSHDB",
    "KEYS *",
    "CONFIG GET dir",
    "SHUTDOWN",
    "ACL LIST",
    "SAVE",
    "MONITOR",
    "SCRIPT FLUSH",
    "REPLICAOF NO ONE",
    "SET other 1",
    "PUBLISH a b",
]
REFUSED = [
    *((name, command) for name in USERS for command in FORBIDDEN),
    ("worker", "GET {afterimage}:offset"),
    ("worker", "XLEN {afterimage}:updates"),
    ("worker", "GET {afterimage}:invite:abc"),
    ("exporter", "XADD {afterimage}:updates * a b"),
    ("exporter", "HGETALL photo:{1}:2"),
    ("exporter", "DEL {afterimage}:load"),
]


@pytest.mark.promise("security#redis-users")
@pytest.mark.parametrize(("name", "command"), REFUSED, ids=" ".join)
def test_what_is_not_a_users_business_is_refused(guarded: Path, name: str, command: str) -> None:
    with Redis(unix_socket_path=str(guarded), username=name, password=USERS[name], retry=None) as redis:
        assert redis.ping()
        with pytest.raises(NoPermissionError):
            redis.execute_command(*command.split())


def test_a_user_without_a_password_of_yours_lets_nobody_in() -> None:
    assert "nopass" not in ACL.read_text() and ">" not in ACL.read_text() and "#" not in ACL.read_text()
