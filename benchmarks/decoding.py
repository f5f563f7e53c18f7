"""The cost of decoding a picture in a child process instead of in this one: median ms, for common sizes.

python benchmarks/decoding.py [REPEATS]
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path

from PIL import Image

from vlm.worker.decoder_pool import DecoderPool, open_own_picture

HEIC = Path(__file__).parents[1] / "tests" / "support" / "pictures" / "red_over_blue.heic"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("repeats", nargs="?", type=int, default=21, help="(21)")
    repeats = parser.parse_args().repeats
    files = {
        "0.3 MP JPEG, 640 × 480": photo("JPEG", (640, 480)),
        "12 MP JPEG, 4000 × 3000": photo("JPEG", (4000, 3000)),
        "12 MP PNG, 4000 × 3000": photo("PNG", (4000, 3000)),
        "HEIC, 48 × 64": HEIC.read_bytes(),
    }
    print("| picture | in this process, ms | in a child, ms |", "|---|--:|--:|", sep="\n")
    with DecoderPool(1) as pool:
        for name, data in files.items():
            in_process_ms = median_ms(partial(open_own_picture, data), repeats)
            in_child_ms = median_ms(partial(pool.open, [data]), repeats)
            print(f"| {name} | {in_process_ms:.1f} | {in_child_ms:.1f} |")


def photo(kind: str, size: tuple[int, int]) -> bytes:
    small = Image.frombytes("RGB", (160, 120), random.Random(1).randbytes(160 * 120 * 3))
    file = BytesIO()
    small.resize(size, Image.Resampling.BICUBIC).save(file, kind)
    return file.getvalue()


def median_ms(run: Callable[[], object], repeats: int) -> float:
    run()
    spent = []
    for _ in range(repeats):
        started_s = time.perf_counter()
        run()
        spent.append(time.perf_counter() - started_s)
    return statistics.median(spent) * 1000


if __name__ == "__main__":
    main()
