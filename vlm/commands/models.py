"""Loads the engine that the settings name, with the libraries' messages silenced."""

import os
import sys
import warnings
from pathlib import Path
from typing import Final

from msgspec.structs import fields

from vlm.commands.output import remark
from vlm.engine.base import CLASSIC, Engine, EngineOptions
from vlm.engine.load import load
from vlm.search.calibration import ReferenceSet, load_reference_set
from vlm.settings import Settings

ECHO: Final = "echo"


def load_engine(settings: Settings) -> Engine:
    """The engine that the settings name. Raises as `vlm.engine.load.load` does."""
    prepare(settings.model, settings.threads)
    return load(options(settings))


def reference_set_of(settings: Settings, engine: Engine) -> ReferenceSet | None:
    """The calibration for searches in the model's folder, if it has one for this revision.

    Raises:  ModelNotFound if it cannot be read.
    """
    if settings.model == ECHO or settings.model.startswith(CLASSIC):
        return None
    from vlm.engine.source import find_checkpoint  # the hub's client: slow to import

    return load_reference_set(find_checkpoint(settings.model, settings.revision).folder, engine.info.revision)


def options(settings: Settings) -> EngineOptions:
    """The part of the settings that an engine is made from."""
    return EngineOptions(**{field.name: getattr(settings, field.name) for field in fields(EngineOptions)})


def prepare(model: str, threads: int = 0) -> None:
    """Set the environment that torch and transformers read at import: threads and verbosity.

    Progress bars stay for downloads on a terminal, which may be many gigabytes.
    """
    if threads:
        os.environ["OMP_NUM_THREADS"] = str(threads)
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_VERBOSITY", "error")
    warnings.simplefilter("ignore")
    if not sys.stderr.isatty() or Path(model.removeprefix("classic:")).exists() or "/" not in model:
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    else:
        remark(f"Loading {model}; the first time it is fetched from the hub.")
