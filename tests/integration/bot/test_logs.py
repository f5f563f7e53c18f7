"""Logs contain no secret."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator

import httpx
import pytest
from support.bot_stack import Stack, picture, wait_until

from vlm.logs import HIDDEN, JsonFormatter, RedactingFormatter, configure, log_context

TOKEN = "123456:a-Canary_Token"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(RedactingFormatter([TOKEN, "a-Canary-Password"]))
    logger = logging.getLogger("test.redaction")
    logger.addHandler(handler)
    yield stream
    logger.removeHandler(handler)


@pytest.mark.promise("security#logs-redacted")
def test_secrets_are_hidden_in_messages_arguments_and_tracebacks(written: io.StringIO) -> None:
    logger = logging.getLogger("test.redaction")
    try:
        raise ValueError(f"https://api.telegram.org/bot{TOKEN}/getMe") from KeyError("a-Canary-Password")
    except ValueError:
        logger.exception("failed for %s and %r", TOKEN, {"token": TOKEN})
    text = written.getvalue()
    assert "Canary" not in text
    assert text.count(HIDDEN) >= 4
    assert "ValueError" in text


def test_a_url_encoded_token_and_its_secret_part_are_hidden_too(written: io.StringIO) -> None:
    logging.getLogger("test.redaction").warning(
        "%s %s", httpx.URL("https://h/").join(f"?t={TOKEN}"), TOKEN[7:]
    )
    assert "Canary" not in written.getvalue()


def test_httpx_is_quiet_because_its_urls_hold_the_token(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        configure([TOKEN])
        logging.getLogger("httpx").info("POST https://api.telegram.org/bot%s/getMe", TOKEN)
        logging.getLogger("anything").warning("the token is %s", TOKEN)
    finally:
        logging.captureWarnings(False)
        root.handlers[:], root.level = handlers, level
    text = capsys.readouterr().err
    assert "POST" not in text
    assert f"the token is {HIDDEN}" in text


def line(text: str = "hello", **about_what: object) -> dict[str, object]:
    """What one record becomes, parsed."""
    record = logging.LogRecord("test", logging.INFO, "", 1, text, None, None)
    with log_context(**about_what):
        written = JsonFormatter([TOKEN, 'a-"Canary\\Password']).format(record)
    assert "\n" not in written
    parsed: dict[str, object] = json.loads(written)
    return parsed


def test_a_json_line_says_when_what_and_about_which_chat_and_job() -> None:
    record = line("two\nlines", chat=-7, job="-7:1")
    assert str(record.pop("at")).endswith("+00:00")
    assert record == {"level": "INFO", "logger": "test", "message": "two\nlines", "chat": -7, "job": "-7:1"}
    assert "chat" not in line()


def test_json_lines_hide_secrets_also_where_json_would_write_them_in_another_way() -> None:
    record = line(f'the token is {TOKEN}, the password a-"Canary\\Password')
    assert record["message"] == f"the token is {HIDDEN}, the password {HIDDEN}"


async def test_tasks_that_run_side_by_side_are_about_their_own_chats() -> None:
    async def logged_job(chat: int) -> dict[str, object]:
        with log_context(chat=chat):
            await asyncio.sleep(0)
            return line()

    assert [record["chat"] for record in await asyncio.gather(logged_job(1), logged_job(2))] == [1, 2]


def logged(stack: Stack, name: str) -> list[dict[str, object]]:
    """A part's log; its last line may still be being written."""
    return [json.loads(row) for row in stack.log(name).splitlines(keepends=True) if row.endswith("\n")]


def jobs_in(stack: Stack, name: str) -> set[tuple[object, object]]:
    return {(row["job"], row["chat"]) for row in logged(stack, name) if "job" in row}


@pytest.mark.promise("security#logs-hold-no-content")
def test_a_job_can_be_followed_from_bot_to_worker_and_nothing_of_it_can_be_read(own_stack: Stack) -> None:
    own_stack.start_sandbox()
    own_stack.start_worker(VLM_LOG="json")
    own_stack.start_bot(BOT_LOG="json")
    person = own_stack.person()
    photo = person.send(picture("red"), caption="a canary note", name="canary.png")
    assert person.answer_text(photo)
    assert person.answer_text(person.write("is the canary red?", reply_to=photo))
    find = person.write("/find canary")
    wait_until(lambda: person.replies(find))
    person.inject_fault(method="sendMessage", status=400, description="Bad Request: odd", times=4)
    person.write("is a canary in trouble?", reply_to=photo)
    wait_until(lambda: "Traceback" in own_stack.log("bot"))
    wait_until(lambda: len(jobs := jobs_in(own_stack, "bot")) >= 3 and jobs <= jobs_in(own_stack, "worker"))
    assert {chat for _, chat in jobs_in(own_stack, "bot")} == {person.chat}
    for name in ("bot", "worker"):
        rows = logged(own_stack, name)
        assert all({"at", "level", "logger", "message"} <= row.keys() for row in rows)
        for content in ("canary", "red picture", "sandbox-token", "in trouble"):
            assert content not in own_stack.log(name).lower(), (name, content)
    failed = [row for row in logged(own_stack, "bot") if "error" in row]
    assert failed and all(row["chat"] == person.chat for row in failed)
