"""`afterimage run`, as an admin meets it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from bot_stack import Stack, wait_until

TOKEN = "123456:a-Canary_Token"


def run(cwd: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("BOT_", "VLM_"))}
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=cwd,
        env={**inherited, "PYTHONPATH": str(Path(__file__).parents[2]), **environ},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_help_says_how_to_run_a_bot(tmp_path: Path) -> None:
    shown = run(tmp_path, "run", "--help")
    assert shown.returncode == 0
    for name in ("BOT_TOKEN", "REDIS_URL", "BOT_WEBHOOK_SECRET", "BOT_CHAT_MAX", "vlm worker"):
        assert name in shown.stdout


@pytest.mark.parametrize(
    ("environ", "says"),
    [({}, "BOT_TOKEN is not set"), ({"BOT_TOKEN": TOKEN, "BOT_TOKN": "x"}, "did you mean BOT_TOKEN")],
)
def test_a_wrong_setting_is_one_line_and_no_traceback(
    tmp_path: Path, environ: dict[str, str], says: str
) -> None:
    ended = run(tmp_path, "run", **environ)
    assert ended.returncode == 2
    assert says in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_settings_come_from_a_file_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"BOT_TOKEN={TOKEN}\nBOT_CHAT_MAX=none\n")
    ended = run(tmp_path, "run")
    assert ended.returncode == 2
    assert "BOT_CHAT_MAX" in ended.stderr


def test_a_token_that_telegram_does_not_know_is_said_so_and_not_shown(
    tmp_path: Path, own_stack: Stack
) -> None:
    own_stack.start_sandbox()
    own_stack.trouble(method="getMe", status=401, description="Unauthorized")
    ended = run(tmp_path, "run", BOT_TOKEN=TOKEN, BOT_API_URL=own_stack.page, REDIS_URL=own_stack.server.url)
    assert ended.returncode == 2
    assert "Check BOT_TOKEN" in ended.stderr
    assert "Canary" not in ended.stderr + ended.stdout


def test_a_bot_waits_for_redis_and_telegram_and_never_logs_its_token(own_stack: Stack) -> None:
    own_stack.start_sandbox()
    own_stack.trouble(status=502, times=3)
    own_stack.server.stop()
    own_stack.start_bot(BOT_TOKEN=TOKEN)
    own_stack.log_line("bot", "(server is away)")
    own_stack.restart_server()
    own_stack.log_line("bot", "(Telegram does not answer)")
    own_stack.log_line("bot", "(Ready)")
    own_stack.trouble(method="getUpdates", cut="before", times=2)
    person = own_stack.person()
    assert "photo" in person.says(person.write("/start"))
    own_stack.trouble(method="sendMessage", chat=person.chat, status=400, description="Bad Request: odd")
    person.write("/help")
    wait_until(lambda: "gave up on update" in own_stack.log("bot"))
    assert "Traceback" in own_stack.log("bot")
    assert "Canary" not in own_stack.log("bot")


def test_a_bot_that_waits_can_be_stopped(own_stack: Stack) -> None:
    own_stack.start_sandbox()
    own_stack.trouble(status=502)
    own_stack.start_bot()
    own_stack.log_line("bot", "(Telegram does not answer)")
    assert own_stack.stop("bot") == 0
