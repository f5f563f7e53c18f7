"""Libraries that only the lab needs, imported where they are used: the extra `lab` brings them."""

from importlib import import_module
from types import ModuleType

from vlm.errors import BadRequest


def import_optional(module: str) -> ModuleType:
    """The module of this name. Raises BadRequest, with the way to install it, where it is missing."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        library = module.split(".")[0]
        raise BadRequest(
            f"This needs {library}, which is not installed here: pip install 'afterimage[lab]'"
        ) from error
