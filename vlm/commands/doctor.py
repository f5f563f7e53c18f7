"""`vlm doctor`: the checks of `vlm.ops.doctor`, the model, and the disk that holds it."""

import argparse
import os
from pathlib import Path
from typing import Any, Final

from vlm.commands.options import add_command, add_json, add_redis
from vlm.commands.output import put, remark
from vlm.errors import BadSetting, ModelNotFound
from vlm.ops.findings import Finding, bad, check_disk, is_healthy, ok, report, warn
from vlm.settings import Settings

ECHO: Final = "echo"
DOCTOR: Final = """\
Examine a whole deployment: settings, the Redis server (version, persistence, memory, this user's rights),
the workers and their version, the length and age of the queue, dead letters, the model, free disk space.
Each finding is ok, warn or bad, and says what to do. Changes nothing. Telegram and the bot's token are
examined by `afterimage doctor`.
"""
DOCTOR_EPILOG: Final = """\
exit status:
  0  nothing is bad    1  something is bad

with --json, one object:
  {"well": false, "findings": [{"about": "workers", "level": "bad", "says": "No worker is alive.",
   "do": "Start one: `vlm worker`. If one should be running, its log says why it is not."}]}
"""


def add_parser(commands: Any) -> None:
    """Add the command."""
    doctor = add_command(commands, "doctor", "examine a whole deployment", DOCTOR, DOCTOR_EPILOG, run=run)
    add_json(doctor, "one JSON object")
    add_redis(doctor)


def run(arguments: argparse.Namespace, settings: Settings | BadSetting) -> int:
    """Examine everything and print it. The exit status: 1 if something is bad."""
    if isinstance(settings, BadSetting):
        advice = "Correct the environment, or ./.env; `vlm worker --help` explains."
        findings = [bad("settings", str(settings), advice)]
    else:
        findings = _examine(settings)
    put(report(findings, as_json=arguments.json))
    if os.environ.get("BOT_TOKEN") and not arguments.json:
        remark("The token and Telegram are examined by `afterimage doctor`.")
    return 0 if is_healthy(findings) else 1


def _examine(settings: Settings) -> list[Finding]:
    import asyncio

    from vlm.ops.doctor import examine

    cache = Path(os.environ.get("HF_HOME", Path.home() / ".cache" / "huggingface"))
    return [
        ok("settings", "They can be read."),
        *asyncio.run(examine(settings.redis_url)),
        check_model(settings),
        check_disk("model disk", cache),
    ]


def check_model(settings: Settings) -> Finding:
    """Whether the model of the settings is on this disk, and what its self-check expects. Loads nothing."""
    name = settings.model
    if name == ECHO or name.startswith("classic:"):
        return ok("model", f"{name}.")
    from vlm.engine.source import local_checkpoint

    try:
        source = local_checkpoint(name, settings.revision)
    except ModelNotFound as error:
        return bad("model", str(error), "Correct VLM_MODEL, or fetch the model again.")
    if source is None:
        return warn(
            "model",
            f"{name} is not on this disk.",
            "The first worker here downloads it, which takes a while; or correct VLM_MODEL.",
        )
    expected = source.card.expected_caption
    self_check = (
        f"its self-check expects {expected!r}"
        if expected
        else "it has no card, so the self-check expects any caption"
    )
    size = f"{source.weight_bytes / (1 << 20):.0f} MiB"
    return ok("model", f"{source.name} ({source.revision[:12]}), {size}; {self_check}.")
