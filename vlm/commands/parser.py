"""The command line of `vlm`, and every word of its help."""

import argparse
from pathlib import Path
from typing import Any, Final

from msgspec.structs import fields

from vlm.commands import evaluate_options, find_options, scenes
from vlm.commands import ops_options as operating
from vlm.commands.training import add_train
from vlm.settings import DEFAULT_MODEL, Settings, variable

DESCRIPTION: Final = "Afterimage's eyes: captions of pictures and answers to questions about them, by BLIP-2."
EPILOG: Final = """\
start here:
  vlm caption --model tiny cats.png          the small model that comes along: no download
  vlm caption beach.jpg                      the full model, fetched from the Hugging Face hub once
  vlm ask beach.jpg "What is the dog doing?"

Settings come from the environment, then from ./.env; `vlm worker --help` lists them.
`vlm COMMAND --help` tells more about each command.

exit status:
  0  all went well
  1  a picture could not be described, or a server or worker cannot go on
  2  the command, a setting or a model's name is wrong
"""

CAPTION: Final = """\
Say in a sentence what each PICTURE shows: JPEG, PNG, WebP, HEIC, or GIF that does not move, up to 20 MB and
25 megapixels. A picture that cannot be read does not stop the others; the exit status is then 1.
"""
CAPTION_EPILOG: Final = """\
examples:
  vlm caption --model tiny samples/*.png
  vlm caption --json holiday/*.jpg > captions.jsonl
  vlm caption --model tiny --lang de samples/*.png
  find . -name '*.jpg' -print0 | xargs -0 vlm caption --json

with --json, one object a line, written as soon as it is known:
  {"path": "a.png", "caption": "two cats on a green background", "model": "afterimage-tiny", "seconds": 0.2}
  {"path": "b.txt", "error": "bad_image", "message": "This is not a picture that I can read; ..."}
with --lang also "language", and "english": what the model said, before it was translated
"""
ASK: Final = """\
Answer a QUESTION about a PICTURE: about the things in it, their colours, their number, what they do.
BLIP-2 sees a picture at 224 pixels a side, so it reads no small print and counts badly beyond a few.
"""
ASK_EPILOG: Final = """\
examples:
  vlm ask beach.jpg "What is the dog doing?"
  vlm ask --model tiny --json cats.png "How many cats are there?"
  vlm ask --model tiny --lang de cats.png "Wie viele Katzen sind auf dem Bild?"

with --json, one object:
  {"path": "cats.png", "question": "How many cats?", "answer": "two", "model": "afterimage-tiny", ...}
  {"path": "b.txt", "error": "bad_image", "message": "This is not a picture that I can read; ..."}
"""
WHO_ANSWERS: Final = """
`seconds` is the model's time for the batch that the picture was part of. All else goes to standard error.

who answers:
  --model is given     that model, loaded in this process
  REDIS_URL is set     the workers that run there, if any
  otherwise            the model of $VLM_MODEL, loaded in this process
"""
WORKER: Final = """\
Load a model, check that it sees, and work for the bots that share its Redis server until SIGTERM or Ctrl-C,
which lets it finish what it has begun. Start one for each GPU: they share the work, and when one dies,
another does its jobs.
"""
SERVER: Final = """\
Run a Redis-compatible server that keeps everything in the folder DIR, every write on the disk before it is
answered, reachable from this machine only, until SIGTERM or Ctrl-C. Prints its URL as soon as it answers.
If a server of DIR runs already, that one is used, and ends with this command.
"""
SERVER_EPILOG: Final = """\
example:
  vlm server --dir data/redis --port 6380
  REDIS_URL=redis://127.0.0.1:6380/0 vlm worker --model tiny
"""
HEALTH: Final = """\
Check that the Redis server answers and that at least one worker is alive; says which model works.
For scripts and containers: the exit status is 0 or 1.
"""
QUANTIZE: Final = """\
Write the model SRC into the new folder DST with its language model in 8 bit (LLM.int8): it then loads in
half of the time and half of the memory that quantizing at each start takes, and answers the same. SRC is
tiny, a folder or a hub id.
"""
QUANTIZE_EPILOG: Final = """\
example:
  vlm quantize Salesforce/blip2-flan-t5-xl models/flan-t5-xl-int8
  vlm worker --model models/flan-t5-xl-int8
"""


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command; `arguments.command` says which was chosen."""
    root = argparse.ArgumentParser(
        prog="vlm",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = root.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_looking(commands)
    find_options.add(commands)
    _add_serving(commands)
    operating.add(commands)
    _add_making(commands)
    scenes.add(commands)
    evaluate_options.add(commands)
    return root


def _add_looking(commands: Any) -> None:
    caption = _command(commands, "caption", "say what pictures show", CAPTION, CAPTION_EPILOG + WHO_ANSWERS)
    _add_model(caption)
    _add_json(caption)
    _add_language(caption)
    caption.add_argument("pictures", metavar="PICTURE", nargs="+", help="a file")
    ask = _command(commands, "ask", "answer a question about a picture", ASK, ASK_EPILOG + WHO_ANSWERS)
    _add_model(ask)
    _add_json(ask)
    _add_language(ask)
    ask.add_argument("picture", metavar="PICTURE", help="a file")
    ask.add_argument("question", metavar="QUESTION", help="up to 1,000 characters, in the language of --lang")


def _add_serving(commands: Any) -> None:
    worker = _command(
        commands, "worker", "work for the bots that share a Redis server", WORKER, _settings_help()
    )
    _add_model(worker)
    _add_redis(worker)
    server = _command(commands, "server", "run a Redis-compatible server", SERVER, SERVER_EPILOG)
    server.add_argument("--dir", metavar="DIR", type=Path, required=True, help="where it keeps its data")
    where = server.add_mutually_exclusive_group()
    where.add_argument("--port", metavar="P", type=int, help="a port of 127.0.0.1; 0: any free one")
    where.add_argument("--socket", metavar="PATH", type=Path, help="a Unix socket (default: in DIR)")
    health = _command(commands, "health", "check that a server and a worker are alive", HEALTH)
    _add_redis(health)
    health.add_argument("--here", action="store_true", help="ask for a worker of this machine or container")


def _add_making(commands: Any) -> None:
    quantize = _command(commands, "quantize", "store a model in 8 bit", QUANTIZE, QUANTIZE_EPILOG)
    quantize.add_argument("src", metavar="SRC", help="tiny, a folder or a hub id")
    quantize.add_argument("dst", metavar="DST", type=Path, help="a folder that does not exist yet")
    add_train(commands)


def _command(
    commands: Any, name: str, short: str, description: str, epilog: str = ""
) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=short,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return command


def _add_model(command: argparse.ArgumentParser) -> None:
    default = f"$VLM_MODEL, else {DEFAULT_MODEL}"
    command.add_argument(
        "--model",
        metavar="M",
        help=f"tiny, a checkpoint folder, a hub id or classic:FOLDER (default: {default})",
    )


def _add_language(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--lang", metavar="L", default="en", help="speak this language: de, pt-br, zh-hans ... (default: en)"
    )
    command.add_argument(
        "--translator",
        metavar="T",
        help="tiny, a folder, a hub id, native or none (default: $VLM_TRANSLATOR, else the model's own)",
    )


def _add_redis(command: argparse.ArgumentParser) -> None:
    default = f"$REDIS_URL, else {Settings().redis_url}"
    command.add_argument("--redis", metavar="URL", help=f"the Redis server (default: {default})")


def _add_json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="one JSON object a line")


def _settings_help() -> str:
    """Every setting by the name of its variable, as the docstring of `Settings` explains it."""
    rows = (Settings.__doc__ or "").strip().splitlines()[2:]
    explained = dict(row.split(maxsplit=1) for row in rows)
    lines = [
        f"  {variable(field.name):<19} {explained[field.name]}"
        + (f"; default {field.default}" if field.default else "")
        for field in fields(Settings)
    ]
    return "settings, from the environment or ./.env:\n" + "\n".join(lines)
