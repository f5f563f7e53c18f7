"""Libraries of the extra `lab`, imported where they are used."""

from importlib import import_module
from types import ModuleType

from vlm.errors import BadRequest


def import_optional(module: str) -> ModuleType:
    """Import a module. Raises BadRequest that says how to install it if it is missing."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        library = module.split(".")[0]
        raise BadRequest(
            f"This needs {library}, which is not installed here: pip install 'afterimage[lab]'"
        ) from error
