"""`afterimage run`: start, errors and exit status."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from redis import Redis
from support.bot_stack import Stack, wait_until
from support.paths import ROOT

from bot.__main__ import main
from bot.settings import Settings, variable_name

TOKEN = "123456:a-Canary_Token"


def run(cwd: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("BOT_", "VLM_"))}
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=cwd,
        env={**inherited, "PYTHONPATH": str(ROOT), **environ},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_help_says_how_to_run_a_bot(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    shown = capsys.readouterr().out
    for name in [*map(variable_name, Settings.__struct_fields__), "vlm worker", "vlm server", ".env"]:
        assert name in shown


@pytest.mark.parametrize(
    ("environ", "dotenv", "says"),
    [
        ({}, "", "BOT_TOKEN is not set"),
        ({"BOT_TOKEN": TOKEN, "BOT_TOKN": "x"}, "", "did you mean BOT_TOKEN"),
        ({}, f"BOT_TOKEN={TOKEN}\nBOT_CHAT_MAX=none\n", "BOT_CHAT_MAX"),
    ],
)
def test_a_wrong_setting_is_one_line_wherever_it_stands(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    environ: dict[str, str],
    dotenv: str,
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(dotenv)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert main(["run"]) == 2
    shown = capsys.readouterr().err
    assert says in shown
    assert "Canary" not in shown
    assert len(shown.splitlines()) == 1


def test_a_token_that_telegram_does_not_know_is_said_so_and_not_shown(
    tmp_path: Path, own_stack: Stack
) -> None:
    own_stack.start_sandbox()
    own_stack.inject_fault(method="getMe", status=401, description="Unauthorized")
    ended = run(tmp_path, "run", BOT_TOKEN=TOKEN, BOT_API_URL=own_stack.page, REDIS_URL=own_stack.server.url)
    assert ended.returncode == 2
    assert "Check BOT_TOKEN" in ended.stderr
    assert "Canary" not in ended.stderr + ended.stdout


def test_a_database_of_another_bot_is_refused_before_anything_is_read(
    tmp_path: Path, own_stack: Stack
) -> None:
    own_stack.start_sandbox()
    own_stack.person().write("hello")
    environ = {"BOT_TOKEN": TOKEN, "BOT_API_URL": own_stack.page, "REDIS_URL": own_stack.server.url}
    with Redis.from_url(own_stack.server.url) as redis:
        redis.set("{afterimage}:bot", 99)
        ended = run(tmp_path, "run", **environ)
        assert ended.returncode == 2
        assert "belongs to the bot 99" in ended.stderr
        assert redis.keys() == [b"{afterimage}:bot"]


def test_a_bot_waits_for_redis_and_telegram_and_never_logs_its_token(own_stack: Stack) -> None:
    own_stack.start_sandbox()
    own_stack.inject_fault(status=502, times=3)
    own_stack.server.stop()
    own_stack.start_bot(BOT_TOKEN=TOKEN)
    own_stack.log_line("bot", "(redis unavailable)")
    own_stack.restart_server()
    own_stack.log_line("bot", "(Telegram does not answer)")
    own_stack.log_line("bot", "(Ready)")
    own_stack.inject_fault(method="getUpdates", cut="before", times=2)
    person = own_stack.person()
    assert "photo" in person.answer_text(person.write("/start"))
    own_stack.inject_fault(method="sendMessage", chat=person.chat, status=400, description="Bad Request: odd")
    person.write("/help")
    wait_until(lambda: "gave up on update" in own_stack.log("bot"))
    assert "Traceback" in own_stack.log("bot")
    assert "Canary" not in own_stack.log("bot")


def test_a_bot_that_waits_can_be_stopped(own_stack: Stack) -> None:
    own_stack.start_sandbox()
    own_stack.inject_fault(status=502)
    own_stack.start_bot()
    own_stack.log_line("bot", "(Telegram does not answer)")
    assert own_stack.stop("bot") == 0


@pytest.mark.parametrize("ready", [False, True])
def test_a_bot_whose_redis_is_away_can_be_stopped(own_stack: Stack, ready: bool) -> None:
    own_stack.start_sandbox()
    if ready:
        own_stack.start_bot()
        own_stack.log_line("bot", "(Ready)")
    own_stack.server.stop()
    if not ready:
        own_stack.start_bot()
    own_stack.log_line("bot", "(redis unavailable)")
    assert own_stack.stop("bot") == 0
