"""The `vlm` command. Importing it, and asking it for help, costs no torch, no numpy and no connection.

Exit status:  0 all went well    1 a picture failed, or a server or worker cannot go on
              2 the command, a setting or a model's name is wrong    130 stopped by Ctrl-C
"""

import argparse
import os
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from vlm.commands import (
    caption_options,
    dead_letters,
    doctor,
    evaluate_options,
    find_options,
    health,
    quantize,
    scenes,
    server,
    training,
    worker_options,
)
from vlm.commands.options import Run
from vlm.errors import AfterimageError, BadRequest, BadSetting, ModelNotFound
from vlm.settings import Settings, read_settings

DESCRIPTION: Final = "Captions of pictures and answers to questions about them, by BLIP-2."
EPILOG: Final = """\
start here:
  vlm caption --model tiny cats.png          the small model that is included: no download
  vlm caption beach.jpg                      the full model, fetched from the Hugging Face hub once
  vlm ask beach.jpg "What is the dog doing?"

Settings come from the environment, then from ./.env; `vlm worker --help` lists them.
`vlm COMMAND --help` explains each command.

exit status:
  0  all went well
  1  a picture could not be described, or a server or worker cannot go on
  2  the command, a setting or a model's name is wrong
"""
# In the order of the help.
COMMANDS: Final = (
    caption_options, find_options, worker_options, server, health, doctor, dead_letters,
    quantize, training, scenes, evaluate_options,
)  # fmt: skip
MODEL_VARIABLES: Final = (
    "VLM_REVISION", "VLM_ITC_MODEL", "VLM_ITC_REVISION", "VLM_TRANSLATOR", "VLM_TRANSLATOR_REVISION",
)  # fmt: skip
OWN_PACKAGES: Final = ("bot", "vlm")
MISSING_PACKAGE: Final = (
    "vlm: This command needs {}, which is not installed here. Install Afterimage with what a worker needs:"
    " make setup, or pip install '.[worker,server]'"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    arguments = parser().parse_args(argv, Namespace(typed=list(sys.argv[1:] if argv is None else argv)))
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr] # file names may be anything
    try:
        return _run(arguments, _environment())
    except AfterimageError as error:
        print(f"vlm: {error}", file=sys.stderr)
        return 2 if isinstance(error, BadRequest | ModelNotFound) else 1
    except ModuleNotFoundError as error:
        if str(error.name).split(".")[0] in OWN_PACKAGES:
            raise
        print(MISSING_PACKAGE.format(error.name), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # the reader of stdout is gone: nothing may be written any more, not even at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        if not error.filename:
            raise
        print(f"vlm: {error.filename}: {error.strerror}.", file=sys.stderr)
        return 1


def parser() -> argparse.ArgumentParser:
    """The parser of all commands; `arguments.run` is the chosen command."""
    root = argparse.ArgumentParser(
        prog="vlm",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = root.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_parser(commands)
    return root


def _run(arguments: Namespace, environ: Mapping[str, str]) -> int:
    run: Run = arguments.run
    try:
        settings = _settings(arguments, environ)
    except BadSetting as error:
        if run is not doctor.run:
            raise
        return doctor.run(arguments, error)
    return run(arguments, settings)


def _environment() -> Mapping[str, str]:
    """The environment, completed by this folder's `.env`: libraries read HF_TOKEN and the like themselves."""
    if Path(".env").is_file():
        from dotenv import load_dotenv

        load_dotenv(Path(".env"))
    return os.environ


def _settings(arguments: Namespace, environ: Mapping[str, str]) -> Settings:
    """The settings of the environment, overridden by those of the command line."""
    chosen = dict(environ)
    model = getattr(arguments, "model", None)
    if model and model != chosen.get("VLM_MODEL"):
        # The environment's revision, translator and so on belong to its own model, not to another.
        chosen = {name: value for name, value in chosen.items() if name not in MODEL_VARIABLES} | {
            "VLM_MODEL": model
        }
    if quant := getattr(arguments, "quant", None):
        chosen["VLM_QUANT"] = quant
    if translator := getattr(arguments, "translator", None):
        chosen |= {"VLM_TRANSLATOR": translator, "VLM_TRANSLATOR_REVISION": ""}
    if url := getattr(arguments, "redis", None):
        chosen["REDIS_URL"] = url
    return read_settings(chosen)


if __name__ == "__main__":
    sys.exit(main())
