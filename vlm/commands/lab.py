"""`vlm train tiny` and `vlm train translator`."""

from argparse import Namespace

from vlm.commands.models import prepare
from vlm.commands.output import put


def train(arguments: Namespace) -> int:
    """Train the tiny checkpoint, or go on with it."""
    prepare("tiny")
    from vlm.lab.train import train_tiny

    train_tiny(
        arguments.out,
        seed=arguments.seed,
        scale=arguments.scale,
        threads=arguments.threads,
        glyphs=arguments.glyphs,
    )
    return 0


def train_translator(arguments: Namespace) -> int:
    """Train the tiny translator, or go on with it."""
    prepare("tiny")
    from vlm.lab.languages.train import train_translator

    train_translator(arguments.out, seed=arguments.seed, scale=arguments.scale, threads=arguments.threads)
    put(f"{arguments.out} is ready: vlm caption --model tiny --translator {arguments.out} --lang de PICTURE")
    return 0
