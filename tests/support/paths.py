"""Paths in the repository."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
SAMPLES: Final = ROOT / "vlm" / "assets" / "samples"
HEIC: Final = Path(__file__).parent / "pictures" / "red_over_blue.heic"
