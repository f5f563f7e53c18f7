"""The options of a training run, stored with its checkpoints: a run continues only with the same ones."""

from pathlib import Path
from typing import Any, Final

import msgspec

from vlm.errors import BadRequest

PLAN: Final = "plan.json"


def check_run_config(folder: Path, plan: dict[str, Any]) -> None:
    """Store the options in a run's folder. Raises BadRequest if the run was started with others."""
    path, encoded = folder / PLAN, msgspec.json.encode(plan)
    if path.is_file():
        if path.read_bytes() != encoded:
            raise BadRequest(
                f"{folder.parent} was started with other data or options; please repeat those, take another "
                f"folder, or delete {folder}."
            )
        return
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".new")
    unfinished.write_bytes(encoded)
    unfinished.replace(path)  # atomic: half a file would be refused
