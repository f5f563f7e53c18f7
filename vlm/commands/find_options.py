"""The options of `vlm find`, and their help."""

import argparse
from pathlib import Path
from typing import Any, Final

from vlm.commands.argument_types import counting
from vlm.settings import DEFAULT_MODEL

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


def add(commands: Any) -> None:
    """Add the command."""
    command: argparse.ArgumentParser = commands.add_parser(
        "find",
        help="search a folder of pictures",
        description=FIND,
        epilog=FIND_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    model = f"tiny, a checkpoint folder or a hub id (default: $VLM_MODEL, else {DEFAULT_MODEL})"
    command.add_argument("--model", metavar="M", help=model)
    command.add_argument("--json", action="store_true", help="one JSON object")
    command.add_argument("--limit", metavar="N", type=counting, default=10, help="hits to show (default: 10)")
    command.add_argument("folder", metavar="FOLDER", type=Path, help="a folder with pictures")
    command.add_argument("query", metavar="QUERY", help="what is in the picture, up to 300 characters")
