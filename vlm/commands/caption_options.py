"""The options of `vlm caption` and `vlm ask`, and their help."""

import argparse
import os
from typing import Any, Final

from vlm.commands.options import add_command, add_json, add_model
from vlm.settings import Settings

CAPTION: Final = """\
Describe in a sentence what each PICTURE shows: JPEG, PNG, WebP, HEIC, or GIF without animation, up to 20 MB
and 25 megapixels. A picture that cannot be read does not stop the others; the exit status is then 1.
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
with --lang also "language", and "english": the model's text before translation
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
WHICH_MODEL: Final = """
`seconds` is the model's time for the batch that held the picture. All else goes to standard error.

which model answers:
  --model is given     that model, loaded in this process
  REDIS_URL is set     the workers that run there, if any
  otherwise            the model of $VLM_MODEL, loaded in this process
"""


def add_parser(commands: Any) -> None:
    """Add both commands."""
    caption = add_command(
        commands, "caption", "describe pictures", CAPTION, CAPTION_EPILOG + WHICH_MODEL, run=run
    )
    _add_common(caption)
    caption.add_argument("pictures", metavar="PICTURE", nargs="+", help="a file")
    ask = add_command(
        commands, "ask", "answer a question about a picture", ASK, ASK_EPILOG + WHICH_MODEL, run=run
    )
    _add_common(ask)
    ask.add_argument("picture", metavar="PICTURE", help="a file")
    ask.add_argument("question", metavar="QUESTION", help="up to 1,000 characters, in the language of --lang")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Caption pictures, or ask about one: by a queue's workers if there are any and no model is named."""
    from vlm.commands.caption import describe

    is_question = arguments.command == "ask"
    return describe(
        [arguments.picture] if is_question else arguments.pictures,
        arguments.question if is_question else None,
        as_json=arguments.json,
        settings=settings,
        language=arguments.lang,
        by_queue=bool(os.environ.get("REDIS_URL")) and not arguments.model,
    )


def _add_common(command: argparse.ArgumentParser) -> None:
    add_model(command, "tiny, a checkpoint folder, a hub id or classic:FOLDER")
    add_json(command)
    command.add_argument(
        "--lang",
        metavar="L",
        default="en",
        help="the language of the text: de, pt-br, zh-hans ... (default: en)",
    )
    command.add_argument(
        "--translator",
        metavar="T",
        help="tiny, a folder, a hub id, native or none (default: $VLM_TRANSLATOR, else the model's own)",
    )
