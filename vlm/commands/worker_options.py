"""The options of `vlm worker`, and its help: every setting."""

import argparse
from typing import Any, Final

from msgspec.structs import fields

from vlm.commands.options import add_command, add_model, add_redis
from vlm.settings import Settings, variable_name

WORKER: Final = """\
Load a model, check that it sees, and work for the bots that share its Redis server until SIGTERM or Ctrl-C;
it finishes the batch in hand first. Start one for each GPU: workers share the work, and when one dies,
another does its jobs.
"""


def add_parser(commands: Any) -> None:
    """Add the command."""
    worker = add_command(
        commands, "worker", "work for the bots that share a Redis server", WORKER, _settings_help(), run=run
    )
    add_model(worker, "tiny, a checkpoint folder, a hub id or classic:FOLDER")
    add_redis(worker)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Work until told to stop."""
    from vlm.commands.worker import work

    return work(settings)


def _settings_help() -> str:
    """Every setting by the name of its variable, as the docstring of `Settings` explains it."""
    rows = (Settings.__doc__ or "").strip().splitlines()[2:]
    explained = dict(row.split(maxsplit=1) for row in rows)
    lines = [
        f"  {variable_name(field.name):<19} {explained[field.name]}"
        + (f"; default {field.default}" if field.default else "")
        for field in fields(Settings)
    ]
    return "settings, from the environment or ./.env:\n" + "\n".join(lines)
