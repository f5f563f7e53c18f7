"""What the parsers of several commands share: their form, their common options, and checked numbers.

Each command is a module with `add_parser(commands)`, which sets `run(arguments, settings) -> exit status`.
Modules that are imported for `vlm --help` import Redis, numpy or a model only inside of `run`.
"""

import argparse
from collections.abc import Callable
from typing import Any

from vlm.settings import DEFAULT_MODEL, Settings

Run = Callable[[argparse.Namespace, Settings], int]


def add_command(
    commands: Any, name: str, short: str, description: str, epilog: str = "", *, run: Run | None = None
) -> argparse.ArgumentParser:
    """The parser of a new command, whose help keeps its line breaks."""
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=short,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    if run is not None:
        command.set_defaults(run=run)
    return command


def add_model(command: argparse.ArgumentParser, kinds: str = "tiny, a checkpoint folder or a hub id") -> None:
    """`--model`, with the default of the settings."""
    command.add_argument("--model", metavar="M", help=f"{kinds} (default: $VLM_MODEL, else {DEFAULT_MODEL})")


def add_redis(command: argparse.ArgumentParser) -> None:
    """`--redis`, with the default of the settings."""
    default = f"$REDIS_URL, else {Settings().redis_url}"
    command.add_argument("--redis", metavar="URL", help=f"the Redis server (default: {default})")


def add_json(command: argparse.ArgumentParser, text: str = "one JSON object a line") -> None:
    """`--json`."""
    command.add_argument("--json", action="store_true", help=text)


def counting(text: str) -> int:
    """The type of an option that takes 1, 2, 3 ..."""
    return _whole_number(text, least=1)


def seed(text: str) -> int:
    """The type of an option that takes 0, 1, 2 ..."""
    return _whole_number(text, least=0)


def _whole_number(text: str, *, least: int) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) < least:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} on")
    return int(text)
