"""`vlm quantize` and `vlm train`: what is done once, offline, with a checkpoint."""

from argparse import Namespace
from pathlib import Path

from vlm.commands.models import options, prepare
from vlm.commands.output import put
from vlm.settings import Settings


def quantize(src: str, dst: Path, settings: Settings) -> int:
    """Store the model `src` in 8 bit. Raises ModelNotFound, BadSetting."""
    prepare(src, settings.threads)
    from vlm.engine.quantize import quantize as write

    folder = write(src, dst, options(settings))
    put(f"{folder} is ready: vlm worker --model {folder}")
    return 0


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
