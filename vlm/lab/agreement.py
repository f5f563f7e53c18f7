"""A run that goes on must be the one that was begun."""

from pathlib import Path
from typing import Any, Final

import msgspec

from vlm.errors import BadRequest

PLAN: Final = "plan.json"


def agree(folder: Path, plan: dict[str, Any]) -> None:
    """Keep the plan of a run in its folder. Raises BadRequest where another one was begun there.

    Half of each would be neither.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path, said = folder / PLAN, msgspec.json.encode(plan)
    if path.is_file() and path.read_bytes() != said:
        raise BadRequest(
            f"{folder.parent} was begun with other data or options; please repeat those, take another "
            f"folder, or delete {folder}."
        )
    path.write_bytes(said)
