"""`vlm doctor`: the whole deployment, as far as a worker's host can tell."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from vlm.commands.output import put, remark
from vlm.errors import BadSetting, ModelNotFound
from vlm.ops.doctor import examine
from vlm.ops.findings import Finding, bad, disk, is_well, ok, report, warn
from vlm.settings import Settings

ECHO: Final = "echo"


def look(read: Callable[[], Settings], *, as_json: bool) -> int:
    """Look at everything; the exit status: 1 if something is bad."""
    try:
        settings = read()
    except BadSetting as error:
        findings = [
            bad(
                "settings",
                str(error),
                "Correct the environment, or ./.env; `vlm worker --help` explains.",
            )
        ]
    else:
        findings = [
            ok("settings", "They can be read."),
            *asyncio.run(examine(settings.redis_url)),
            model(settings),
            disk("model disk", Path(os.environ.get("HF_HOME", Path.home() / ".cache" / "huggingface"))),
        ]
    put(report(findings, as_json=as_json))
    if os.environ.get("BOT_TOKEN") and not as_json:
        remark("The token and Telegram are examined by `afterimage doctor`.")
    return 0 if is_well(findings) else 1


def model(settings: Settings) -> Finding:
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
            "The first worker here fetches it, which takes its time; or correct VLM_MODEL.",
        )
    expects = (
        f"its self-check expects {source.card.expected_caption!r}"
        if source.card.expected_caption
        else ("it has no card, so its self-check is that it sees at all")
    )
    return ok(
        "model",
        f"{source.name} ({source.revision[:12]}), {source.weight_bytes / (1 << 20):.0f} MiB; {expects}.",
    )
