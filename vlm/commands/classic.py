"""`vlm train classic`."""

from argparse import Namespace

from vlm.commands.models import prepare
from vlm.commands.output import put


def train(arguments: Namespace) -> int:
    """Train the classic captioner, or go on with it. Raises NotFound, BadRequest, BadSetting."""
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
