"""The options of `vlm find`, and their help."""

import argparse
from pathlib import Path
from typing import Any, Final

from vlm.commands.options import add_command, add_json, add_model, counting
from vlm.settings import Settings

FIND: Final = """\
Search the pictures of FOLDER, and of the folders in it, for what QUERY says, in English: by what the model
sees and by the words of its captions. Each hit says why it matched. Near-identical pictures are one hit, the
latest. Where nothing is like the query, nothing is found; the nearest picture is offered.

What the model saw is kept in FOLDER/.afterimage-index (or in ~/.cache/afterimage, if FOLDER may not be
written to), so that the next search looks only at what is new or changed. A picture that cannot be read does
not stop the others; the exit status is then 1.
"""
FIND_EPILOG: Final = """\
examples:
  vlm find holiday "red bicycle"
  vlm find --model tiny --json samples "two cats" | jq -r '.hits[].path'

with --json, one object:
  {"query": "two cats", "hits": [{"path": "samples/picnic.jpg", "score": 0.98,
   "caption": "two cats and a pizza on a green background",
   "why": {"words": ["two", "cats"], "similarity": 0.73, "spread": 8.1}, "copies": []}], "total": 1,
   "nearest": null, "failed": [], "pictures": 12, "model": "afterimage-tiny", "calibrated": true}
  score       0 to 1; above a half it is a hit
  similarity  of the picture with the query; spread: the same, in standard deviations of other pictures'
"""


def add_parser(commands: Any) -> None:
    """Add the command."""
    command = add_command(commands, "find", "search a folder of pictures", FIND, FIND_EPILOG, run=run)
    add_model(command)
    add_json(command, "one JSON object")
    command.add_argument("--limit", metavar="N", type=counting, default=10, help="hits to show (default: 10)")
    command.add_argument("folder", metavar="FOLDER", type=Path, help="a folder with pictures")
    command.add_argument("query", metavar="QUERY", help="what is in the picture, up to 300 characters")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Search a folder."""
    from vlm.commands.find import find_in

    return find_in(
        arguments.folder, arguments.query, limit=arguments.limit, as_json=arguments.json, settings=settings
    )
