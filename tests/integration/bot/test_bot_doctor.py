"""`afterimage doctor`: the token, Telegram's side, and the bots."""

import json
import os
import subprocess
import sys
from typing import Any

from redis import Redis
from support.bot_stack import TOKEN, Stack, wait_until
from support.paths import ROOT


def doctor(stack: Stack, **environ: str) -> tuple[int, dict[str, Any]]:
    """The exit status, and each finding by what it is about."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("BOT_", "VLM_"))}
    settings = {"BOT_TOKEN": TOKEN, "BOT_API_URL": stack.page, "REDIS_URL": stack.server.url}
    run = subprocess.run(
        [sys.executable, "-m", "bot", "doctor", "--json"],
        cwd=stack.folder,
        env={**inherited, "PYTHONPATH": str(ROOT), **settings, **environ},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert "Traceback" not in run.stderr and TOKEN not in run.stdout + run.stderr
    return run.returncode, {finding["about"]: finding for finding in json.loads(run.stdout)["findings"]}


def test_what_is_wrong_on_telegrams_side_is_found_one_by_one(own_stack: Stack) -> None:
    own_stack.start_sandbox()
    status, findings = doctor(own_stack)
    assert status == 1 and findings["bots"]["level"] == "bad" and "afterimage run" in findings["bots"]["do"]
    own_stack.start_worker()
    own_stack.start_bot()
    own_stack.log_line("bot", "(Ready)")

    def all_well() -> dict[str, Any] | None:
        status, findings = doctor(own_stack)
        return findings if status == 0 else None

    findings = wait_until(all_well)
    assert findings["telegram"]["level"] in ("ok", "warn") and "@" in findings["telegram"]["says"]
    assert {"settings", "redis", "workers", "queue updates", "queue results", "updates"} <= findings.keys()
    status, findings = doctor(
        own_stack, BOT_WEBHOOK_URL="https://example.org/hook", BOT_WEBHOOK_SECRET="a-canary"
    )
    assert status == 1 and findings["updates"]["level"] == "bad"
    with Redis.from_url(own_stack.server.url) as redis:
        mine = redis.get("{afterimage}:bot")
        redis.set("{afterimage}:bot", 99)
        status, findings = doctor(own_stack)
        assert status == 1 and "belongs to the bot 99" in findings["bots"]["says"]
        redis.set("{afterimage}:bot", mine or b"")
    own_stack.inject_fault(method="getMe", status=401, description="Unauthorized")
    status, findings = doctor(own_stack)
    assert status == 1 and "BotFather" in findings["telegram"]["do"]
    status, findings = doctor(own_stack, BOT_API_URL="http://127.0.0.1:9")
    assert status == 1 and "does not answer" in findings["telegram"]["says"]
    status, findings = doctor(own_stack, BOT_CHAT_MAX="none")
    assert status == 1 and "BOT_CHAT_MAX" in findings["settings"]["says"]
