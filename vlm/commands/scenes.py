"""`vlm scenes`: drawn pictures as a data set."""

import argparse
from pathlib import Path
from typing import Any, Final

from vlm.commands.options import add_command, counting, seed
from vlm.commands.output import put
from vlm.settings import Settings

LAYOUTS: Final = ("flickr8k", "coco", "jsonl", "parallel")
HELP: Final = """\
Draw pictures of the tiny model's world and write them to the new folder OUT as a data set, in a published
layout: five differently worded captions a picture; of ten pictures eight for training, one for validation and
one for test; with coco and jsonl also three questions with answers a picture. The same seed draws the same
pictures. An interrupted run continues where it was. It needs the font of Debian's package
fonts-noto-color-emoji.
"""
EPILOG: Final = """\
examples:
  vlm scenes data/drawn --count 8000 --layout flickr8k
  vlm scenes data/small --count 200 --layout jsonl --seed 1

layouts:
  flickr8k   Flickr8k.token.txt, the three lists of pictures, Flicker8k_Dataset/
  coco       annotations/ with COCO's captions and VQAv2's questions, dataset_coco.json, train2014/, val2014/
  jsonl      captions.jsonl, questions.jsonl, images/
  parallel   no pictures: OUT is one file of captions, questions, answers and search queries, each in five
             languages, for `vlm evaluate translate`
"""


def add_parser(commands: Any) -> None:
    """`vlm scenes` among the other commands."""
    scenes = add_command(commands, "scenes", "write drawn pictures as a data set", HELP, EPILOG, run=run)
    scenes.add_argument("out", metavar="OUT", type=Path, help="a folder that does not exist yet")
    scenes.add_argument(
        "--count", metavar="N", type=counting, default=1000, help="pictures, 10 to 100,000 (default: 1000)"
    )
    scenes.add_argument("--layout", choices=LAYOUTS, default="flickr8k", help="(default: flickr8k)")
    scenes.add_argument("--seed", metavar="S", type=seed, default=0, help="(default: 0)")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Draw and write. Raises BadRequest for a folder that holds something else, NotFound without the font."""
    if arguments.layout == "parallel":
        return _write_parallel(arguments)
    from vlm.lab.scene_dataset import write_scenes

    splits = write_scenes(arguments.out, count=arguments.count, layout=arguments.layout, seed=arguments.seed)
    counted = ", ".join(f"{number:,} {split}" for split, number in splits.items())
    put(f"{arguments.out} is ready: {counted}. Try: vlm evaluate caption --model tiny --data {arguments.out}")
    return 0


def _write_parallel(arguments: argparse.Namespace) -> int:
    from vlm.lab.languages.corpus import write_lines
    from vlm.lab.languages.reference import Reference
    from vlm.lab.languages.tables import read_sentences, read_words

    reference = Reference(read_words(), read_sentences())
    written = write_lines(arguments.out, reference, seed=arguments.seed, count=arguments.count)
    put(f"{arguments.out} is ready: {written:,} lines. Try: vlm evaluate translate --data {arguments.out}")
    return 0
