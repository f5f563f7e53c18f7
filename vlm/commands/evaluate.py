"""`vlm evaluate`: a model's scores on data whose truth is known."""

from argparse import Namespace

from vlm.commands.models import prepare
from vlm.settings import Settings


def evaluate(arguments: Namespace, settings: Settings) -> int:
    """Run one task to its end; the exit status."""
    prepare(settings.model, settings.threads)
    from vlm.lab.evaluate import evaluate_tiny

    evaluate_tiny(
        settings.model,
        count=arguments.count,
        seed=arguments.seed,
        quant=settings.quant or "none",
        out=arguments.out,
    )
    return 0
