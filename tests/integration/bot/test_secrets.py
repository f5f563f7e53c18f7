"""Secrets and private data appear in no log, even at DEBUG, no error, and no value on the server."""

import io
import re
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from redis import Redis
from support.bot_stack import Person, Stack, wait_until
from support.programs import BOT, DEBUG_LOGS, FAILING_WORKER, SANDBOX

from bot.__main__ import main as afterimage
from bot.settings import Settings
from vlm.cli import main as vlm

RunProgram = Callable[..., str]

PARTS = ("sandbox", "worker", "bot")
TOKEN = "1234567:Canary_Token-Secret"
PASSWORD = "Canary/Pass word+1"
IN_URL = "Canary%2FPass%20word%2B1"
SECRETS = (TOKEN, "Canary_Token", PASSWORD, IN_URL, "Canary/Pass")
TEXT, NOTE, OWN_WORDS = "CanaryQuestion", "CanaryNote", "CanaryCaption"
PLACE = (0x47505331, 0x47505332)  # a latitude's degrees, as two numbers that nothing else would have
GPS = (struct.pack("<2I", *PLACE), struct.pack(">2I", *PLACE), b"CanaryHarbour", b"GPS1", b"1SPG")


def located() -> bytes:
    """A photo as a phone makes it: its EXIF says where it was taken."""
    exif = Image.Exif()
    exif[0x010E] = "CanaryHarbour"  # ImageDescription
    exif.get_ifd(0x8825).update({1: "N", 2: (PLACE[0] / PLACE[1], 1.0, 2.0), 18: "CanaryHarbour"})
    picture, data = Image.new("RGB", (320, 240), "red"), io.BytesIO()
    ImageDraw.Draw(picture).ellipse((9, 9, 90, 90), fill="red")
    picture.save(data, "JPEG", exif=exif)
    return data.getvalue()


@pytest.fixture
def loud(own_stack: Stack) -> Iterator[Stack]:
    """All parts at DEBUG, on a server that has a user with a password for them."""
    with Redis.from_url(own_stack.server.url) as redis:
        redis.execute_command("ACL", "SETUSER", "us", "on", f">{PASSWORD}", "~*", "&*", "+@all")
        redis.config_set("rdbcompression", "no")
    url = own_stack.server.url.replace("unix://", f"unix://us:{IN_URL}@")
    own_stack._start("sandbox", ["-c", DEBUG_LOGS + SANDBOX, str(own_stack.folder / "sandbox")])
    own_stack.page = own_stack.log_line("sandbox", r"(http://\S+)")
    own_stack._start("worker", ["-c", DEBUG_LOGS + FAILING_WORKER], REDIS_URL=url, VLM_LEASE_S="2")
    own_stack.log_line("worker", "(ready)")
    own_stack._start(
        "bot", ["-c", DEBUG_LOGS + BOT % ""], BOT_TOKEN=TOKEN, BOT_API_URL=own_stack.page, REDIS_URL=url
    )
    yield own_stack


def held(stack: Stack) -> dict[bytes, bytes]:
    """All that the server has, names and values."""
    with Redis.from_url(stack.server.url) as redis:
        return {key: key + (redis.dump(key) or b"") for key in redis.scan_iter(count=1000)}


def leaks_of(words: str | bytes, stack: Stack) -> list[bytes]:
    """The keys in which some words are."""
    needle = words.encode() if isinstance(words, str) else words
    return [key for key, value in held(stack).items() if needle in value]


@pytest.mark.promise("security#no-secret-in-logs")
def test_no_log_and_no_value_tells_what_it_must_not(loud: Stack) -> None:
    person = loud.person()
    _talk(person)
    assert "GPS" not in str([leaks_of(words, loud) for words in GPS])
    for words in (*SECRETS, *GPS):
        assert leaks_of(words, loud) == [], words
    _break_all(loud, person)
    for part in PARTS:
        log = loud.log(part)
        for words in (*SECRETS, TEXT, NOTE, OWN_WORDS, "CanaryHarbour"):
            near = re.search(rf".*{re.escape(words)}.*", log)
            assert not near, f"{part}: {near[0][:400] if near else ''}"
    assert loud.log("bot").count("Traceback") >= 2 and "Traceback" in loud.log("worker")
    assert "DEBUG" in loud.log("bot") and "DEBUG" in loud.log("worker")
    for words in (*SECRETS, *GPS):
        assert leaks_of(words, loud) == [], words


def _talk(person: Person) -> None:
    """Each way in which words and pictures come."""
    photo = person.send(located(), "phone.jpg", as_file=True, caption=f"the {NOTE}")
    assert "a red picture" in person.answer_text(photo)
    assert TEXT in person.answer_text(person.write(f"Is it {TEXT}?", reply_to=photo))
    person.answer_text(person.write(f"/edit our {OWN_WORDS}", reply_to=photo), "From now on")
    person.answer_text(person.write(f"/find {OWN_WORDS}"), OWN_WORDS)
    person.send(located(), "phone.jpg", caption=f"another {NOTE}")
    person.answer_text(person.write(f"/find {TEXT}"), "Nothing like that")
    person.answer_text(person.write("/export"), "zip|file|photo")


def _break_all(stack: Stack, person: Person) -> None:
    """Each fault that leaves a traceback, or a line about what failed."""
    assert "orry" in person.answer_text(person.write(f"Who breaks {TEXT}?"))
    person.inject_fault(method="sendMessage", status=400, description="Bad Request: strange", times=4)
    person.write(f"/find {TEXT} again")
    wait_until(lambda: "Strange" in stack.log("bot"))
    person.answer_text(person.write("/fnid"))
    with Redis.from_url(stack.server.url) as redis:
        redis.xadd("{afterimage}:updates", {"update": f'{{"message": {TEXT}'})
        redis.xadd("{afterimage}:updates", {"update": f'{{"update_id": 1, "message": {{"text": "{TEXT}"}}}}'})
        redis.xadd("{afterimage}:results", {"result": TEXT})
        redis.xadd("{afterimage}:jobs:interactive", {"job": TEXT})
        redis.set(f"prompts:{{{person.chat}}}", "no hash")
        answer = next(message for message in person.messages() if message["from"]["is_bot"])
        person.write(f"Is it {TEXT} now?", reply_to=answer["message_id"])
        wait_until(lambda: "WRONGTYPE" in stack.log("bot"))
        redis.delete(f"prompts:{{{person.chat}}}")
    person.inject_fault(method="getFile", cut="before", times=1)
    stack.restart_server()
    wait_until(lambda: "redis unavailable" in stack.log("worker") + stack.log("bot"))


WRONG_URLS = (
    "redis://:CanaryPass",
    "redis://host:CanaryPass",
    "redis://:CanaryPass@[::1",
    "redis://us:Canary/Pass@host:6379/0",
    "redis://:CanaryPass@host:port/0",
    "redis://us:CanaryPass@host:6379/0?health_check_interval=CanaryPass",
    "redis:/:CanaryPass@host",
    "CanaryPass",
)


@pytest.mark.promise("security#settings-hide-secrets")
@pytest.mark.parametrize("url", WRONG_URLS)
@pytest.mark.parametrize("program", ["afterimage run", "vlm worker --model echo"])
def test_a_wrong_url_is_refused_without_its_password(run_program: RunProgram, program: str, url: str) -> None:
    output = run_program(program, REDIS_URL=url)
    assert "REDIS_URL" in output and "Canary" not in output


@pytest.mark.promise("security#settings-hide-secrets")
@pytest.mark.parametrize("token", ["Canary Token", "CanaryToken\n", "1:Canary/Token"])
def test_a_wrong_token_is_refused_unseen(run_program: RunProgram, token: str) -> None:
    output = run_program("afterimage run", BOT_TOKEN=token)
    assert "BOT_TOKEN" in output and "Canary" not in output


@pytest.mark.promise("security#help-hides-settings")
@pytest.mark.parametrize("program", ["afterimage run --help", "vlm worker --help", "vlm health --help"])
def test_help_shows_no_secret(run_program: RunProgram, program: str) -> None:
    output = run_program(program, BOT_TOKEN=TOKEN, REDIS_URL=f"redis://us:{IN_URL}@host:6379/0")
    assert "usage" in output and "Canary" not in output


@pytest.mark.promise("security#logs-redacted")
@pytest.mark.parametrize(
    "url",
    [f"redis://us:{IN_URL}@host/0", f"rediss://host/0?password={IN_URL}", f"unix:///s?password={IN_URL}"],
)
def test_a_password_is_known_as_it_stands_in_the_url_and_as_it_is(url: str) -> None:
    secrets = Settings(token=TOKEN, redis_url=url).secrets
    assert {TOKEN, PASSWORD, IN_URL} <= set(secrets)


@pytest.fixture
def run_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> RunProgram:
    """All that a program says that ends at once."""

    def run(program: str, **environ: str) -> str:
        name, *arguments = program.split()
        monkeypatch.chdir(tmp_path)
        for key, value in {"BOT_TOKEN": "1:token", **environ}.items():
            monkeypatch.setenv(key, value)
        with suppress(SystemExit):
            assert {"afterimage": afterimage, "vlm": vlm}[name](arguments)
        return "".join(capsys.readouterr())

    return run
