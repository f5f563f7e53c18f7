"""`vlm train`: a sub-command for each model that can be trained."""

import argparse
from pathlib import Path
from typing import Any, Final

from vlm.commands.options import add_command, counting
from vlm.commands.output import put
from vlm.settings import Settings

TINY: Final = """\
Train a small BLIP-2 of the real architecture from scratch, on drawn pictures, and write its checkpoint to
OUT. A run that was stopped continues where it was. The whole recipe takes some three hours on two cores, and
needs the font of Debian's package fonts-noto-color-emoji. With --glyphs it also trains on other artists'
emoji, which `scripts/glyph-sets` downloads.
"""
CLASSIC: Final = """\
Train the classic captioner: VGG16 features of a picture and an LSTM over the words so far, merged to predict
the next word. DIR holds captioned pictures in the layout of Flickr8k or another that `vlm evaluate` reads.
With --weights, published ImageNet weights are used, frozen; without, a narrow VGG16 is trained on the words
of the captions first. A run that was stopped continues where it was.
"""
CLASSIC_EPILOG: Final = """\
examples:
  vlm scenes data/drawn --layout flickr8k --count 8000
  vlm train classic --data data/drawn --out models/classic
  vlm train classic --data Flickr8k --weights vgg16-397923af.pth --out models/flickr
  vlm caption --model classic:models/classic beach.jpg

the folder DIR of --out:
  model.safetensors, config.json, vocabulary.json   what `--model classic:DIR` loads
  card.json, README.md                              the command, the data, the scores and the hashes
  curves.svg, training/                             loss and accuracy of each epoch; the state of the run
"""
TRANSLATOR: Final = """\
Train the tiny translator, an M2M100 between English and Spanish, German, French, Russian, on sentences that a
grammar generates from a table of words, and write its checkpoint to OUT. A run that was stopped continues
where it was. The whole recipe takes about half an hour on one core.
"""


def add_parser(commands: Any) -> None:
    """`vlm train` among the other commands."""
    train: argparse.ArgumentParser = commands.add_parser(
        "train", help="train a checkpoint", description="Train a checkpoint from scratch."
    )
    train.set_defaults(run=run)
    kinds = train.add_subparsers(dest="what", metavar="WHAT", required=True)
    _add_tiny(kinds)
    _add_classic(kinds)
    _add_translator(kinds)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Train the checkpoint that the command names, or resume its training."""
    match arguments.what:
        case "classic":
            return _train_classic(arguments)
        case "translator":
            return _train_translator(arguments)
        case _:
            return _train_tiny(arguments)


def _train_tiny(arguments: argparse.Namespace) -> int:
    from vlm.commands.models import prepare

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


def _train_classic(arguments: argparse.Namespace) -> int:
    """Raises NotFound, BadRequest, BadSetting."""
    from vlm.commands.models import prepare

    prepare("classic", arguments.threads)
    from vlm.lab.classic.train import Recipe, train_classic

    recipe = Recipe(
        epochs=arguments.epochs,
        sight_epochs=arguments.sight_epochs,
        width=arguments.width,
        seed=arguments.seed,
    )
    train_classic(
        arguments.data,
        arguments.out,
        recipe,
        layout=arguments.layout,
        weights=arguments.weights,
        threads=arguments.threads,
    )
    put(f"{arguments.out} is ready: vlm caption --model classic:{arguments.out} PICTURE")
    return 0


def _train_translator(arguments: argparse.Namespace) -> int:
    from vlm.commands.models import prepare

    prepare("tiny")
    from vlm.lab.languages.train import train_translator

    train_translator(arguments.out, seed=arguments.seed, scale=arguments.scale, threads=arguments.threads)
    put(f"{arguments.out} is ready: vlm caption --model tiny --translator {arguments.out} --lang de PICTURE")
    return 0


def _add_tiny(kinds: Any) -> None:
    tiny = kinds.add_parser("tiny", help="the bundled small BLIP-2", description=TINY)
    tiny.add_argument("out", metavar="OUT", type=Path, help="folder for the checkpoint and its log")
    tiny.add_argument(
        "--scale", type=float, default=1.0, help="factor of the schedule; 0.001: a smoke test (default: 1)"
    )
    tiny.add_argument(
        "--glyphs",
        metavar="DIR",
        type=Path,
        help="folder with folders of PNGs named by code point (1f415.png: a dog)",
    )
    _add_run(tiny)


def _add_classic(kinds: Any) -> None:
    classic = add_command(
        kinds, "classic", "VGG16 and an LSTM, on captioned pictures", CLASSIC, CLASSIC_EPILOG
    )
    classic.add_argument("--data", metavar="DIR", type=Path, required=True, help="pictures with captions")
    classic.add_argument("--layout", metavar="L", default="auto", help="layout of DIR (default: detected)")
    classic.add_argument(
        "--out", metavar="DIR", type=Path, default=Path("models/classic"), help="(default: models/classic)"
    )
    classic.add_argument(
        "--weights",
        metavar="FILE",
        type=Path,
        help="VGG16 of torchvision (.pth, .safetensors) or Keras (.h5)",
    )
    classic.add_argument(
        "--width",
        metavar="W",
        type=float,
        default=0.125,
        help="width factor of a VGG16 trained here (default: 0.125)",
    )
    classic.add_argument(
        "--epochs", metavar="N", type=int, default=12, help="epochs of the caption phase (default: 12)"
    )
    classic.add_argument(
        "--sight-epochs",
        metavar="N",
        type=int,
        default=20,
        help="epochs of a VGG16 trained here (default: 20)",
    )
    _add_run(classic)


def _add_translator(kinds: Any) -> None:
    translator = kinds.add_parser(
        "translator", help="between English and four languages", description=TRANSLATOR
    )
    translator.add_argument("out", metavar="OUT", type=Path, help="folder for the checkpoint and its log")
    translator.add_argument(
        "--scale", type=float, default=1.0, help="factor of the steps; 0.001: a smoke test (default: 1)"
    )
    _add_run(translator)


def _add_run(command: argparse.ArgumentParser) -> None:
    command.add_argument("--seed", type=int, default=0, help="(default: 0)")
    command.add_argument("--threads", type=counting, default=1, help="CPU threads (default: 1)")
