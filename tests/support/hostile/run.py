"""Give hostile pictures to the real decoder pool and count the outcomes."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image

from vlm.errors import BadRequest
from vlm.worker.decoder_pool import DecoderPool

HEADINGS: Final = "| family | inputs | images | refusals | decoders ended | longest, s | most memory, MB |"


@dataclass
class Count:
    """The outcomes of a family. `seconds` and `megabytes` are maxima; memory is that of one decoder."""

    inputs: int = 0
    images: int = 0
    refusals: int = 0
    deaths: int = 0
    seconds: float = 0.0
    megabytes: float = 0.0

    def row(self, name: str) -> str:
        """A line of the table."""
        numbers = f"{self.inputs} | {self.images} | {self.refusals} | {self.deaths}"
        return f"| {name} | {numbers} | {self.seconds:.2f} | {self.megabytes:.0f} |"


def counted(pictures: Iterable[bytes], size: int = 1) -> Count:
    """Each picture alone through a pool. Fails on an outcome that is neither an image nor a refusal."""
    count = Count()
    with DecoderPool(size) as pool:
        for picture in pictures:
            started_s = time.perf_counter()
            [outcome] = pool.open([picture])
            count.seconds = max(count.seconds, time.perf_counter() - started_s)
            assert isinstance(outcome, Image.Image | BadRequest), outcome
            count.inputs += 1
            count.images += isinstance(outcome, Image.Image)
            count.refusals += isinstance(outcome, BadRequest)
            count.megabytes = max([count.megabytes, *map(most_megabytes, pool.pids())])
        count.deaths = pool.deaths
    return count


def most_megabytes(pid: int) -> float:
    """The most memory that a living process has had."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
