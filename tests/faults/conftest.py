"""The harness stands on the processes that the bot's tests start."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "bot"))
