"""`vlm quantize`: store a checkpoint with its language model in 8 bit."""

import argparse
from pathlib import Path
from typing import Any, Final

from vlm.commands.options import add_command
from vlm.commands.output import put
from vlm.settings import Settings

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


def add_parser(commands: Any) -> None:
    """Add the command."""
    quantize = add_command(commands, "quantize", "store a model in 8 bit", QUANTIZE, QUANTIZE_EPILOG, run=run)
    quantize.add_argument("src", metavar="SRC", help="tiny, a folder or a hub id")
    quantize.add_argument("dst", metavar="DST", type=Path, help="a folder that does not exist yet")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Store a model in 8 bit. Raises ModelNotFound, BadSetting."""
    from vlm.commands.models import options, prepare

    prepare(arguments.src, settings.threads)
    from vlm.engine.quantize import quantize

    folder = quantize(arguments.src, arguments.dst, options(settings))
    put(f"{folder} is ready: vlm worker --model {folder}")
    return 0
