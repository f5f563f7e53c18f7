"""What a training run was begun with, kept beside its checkpoints: with other options it would mix two."""

from pathlib import Path
from typing import Any, Final

import msgspec

from vlm.errors import BadRequest

PLAN: Final = "plan.json"


def check_run_config(folder: Path, plan: dict[str, Any]) -> None:
    """Keep the plan in a run's own folder; raises BadRequest where it was begun with another one."""
    path, encoded = folder / PLAN, msgspec.json.encode(plan)
    if path.is_file():
        if path.read_bytes() != encoded:
            raise BadRequest(
                f"{folder.parent} was begun with other data or options; please repeat those, take another "
                f"folder, or delete {folder}."
            )
        return
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".new")
    unfinished.write_bytes(encoded)
    unfinished.replace(path)  # never half a plan, which would be refused
