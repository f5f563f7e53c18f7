"""The time of one search, without the model: a chat of many photos, searched by one matrix product.

    python benchmarks/search.py                                    # 10,000 photos as BLIP-2 keeps them
    python benchmarks/search.py --photos 1000 10000 --queries 25 --width 128        # as tiny does

    make     build an index from the memory's fp16 vectors; done once for a chat
    find     a query, with a reference set of 128 pictures: similarity, words, cut-off, duplicates
    ceiling  reading the index's numbers once, at the speed of this machine's memory

CPU time in ms, which a busy machine hardly changes; `wall` is the elapsed time. A third of the queries match
nothing; vectors and words are random.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from vlm.search.calibration import Calibration, ReferenceSet, Rule
from vlm.search.index import IndexedPhoto, SearchIndex, SearchQuery
from vlm.search.ranking import find

WORDS = tuple(f"thing{number}" for number in range(150))
RULE = Rule(z_score=1.5, similarity=2.0, words=10.0, cut=14.0)  # about what a fit finds
BANK = 128


def main() -> None:
    """Parse, build, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=int, nargs="+", default=[100, 1000, 10_000], help="in the chat")
    parser.add_argument("--queries", type=int, default=32, help="vectors a picture (32)")
    parser.add_argument("--width", type=int, default=256, help="of a vector (256)")
    parser.add_argument("--repeats", type=int, default=100)
    options = parser.parse_args()
    print(f"{options.queries} vectors of {options.width} a photo\n")
    print("| photos | make | find, median | find, 95th | wall, 95th | ceiling | MB |\n" + 7 * "|--:" + "|")
    for photos in options.photos:
        measure(photos, options.queries, options.width, options.repeats)


def measure(count: int, queries: int, width: int, repeats: int) -> None:
    """One row of the table."""
    rng = np.random.default_rng(0)
    photos = [photo(rng, place, queries, width) for place in range(count)]
    make_ms, _ = timed_ms(lambda: SearchIndex(photos))
    index = SearchIndex(photos)
    reference_set = bank(rng, queries, width)
    queries_drawn = [query(rng, width) for _ in range(repeats)]
    find(index, queries_drawn[0], reference_set)
    found_ms = [
        timed_ms(lambda q=query_drawn: find(index, q, reference_set)) for query_drawn in queries_drawn
    ]
    numbers = np.zeros(count * queries * width, np.float32)
    ceiling_ms = min(timed_ms(numbers.max)[0] for _ in range(10))
    (median, _), (late, wall) = np.quantile(found_ms, [0.5, 0.95], axis=0)
    print(
        f"| {count:,} | {make_ms:.0f} | {median:.1f} | {late:.1f} | {wall:.1f} | {ceiling_ms:.1f}"
        f" | {numbers.nbytes / 1e6:.0f} |",
        flush=True,
    )


def photo(rng: np.random.Generator, place: int, queries: int, width: int) -> IndexedPhoto:
    """A photo with a caption of two things."""
    words = " and ".join(rng.choice(WORDS, 2))
    vectors = units(rng, queries, width).astype(np.float16)
    return IndexedPhoto(id=str(place), vectors=vectors, text=f"a {words} on a background", timestamp=place)


def bank(rng: np.random.Generator, queries: int, width: int) -> ReferenceSet:
    """A calibration of some checkpoint."""
    calibration = Calibration(revision="", rule=RULE, texts=BANK, words=dict.fromkeys(WORDS, 2), fitted={})
    return ReferenceSet(calibration, units(rng, BANK, queries, width))


def query(rng: np.random.Generator, width: int) -> SearchQuery:
    """One or two words; every third one is in no caption."""
    named = [*rng.choice(WORDS, 1 + int(rng.integers(2)))] if rng.random() < 2 / 3 else ["nothing"]
    return SearchQuery(text=" and ".join(named), vector=units(rng, width))


def units(rng: np.random.Generator, *shape: int) -> NDArray[np.float32]:
    """Vectors of norm 1 along the last axis."""
    drawn = rng.standard_normal(shape, dtype=np.float32)
    return drawn / np.linalg.norm(drawn, axis=-1, keepdims=True)


def timed_ms(run: Callable[[], object]) -> tuple[float, float]:
    """CPU time and wall time of one call, in ms."""
    processor_s, began_s = time.process_time(), time.perf_counter()
    run()
    return 1e3 * (time.process_time() - processor_s), 1e3 * (time.perf_counter() - began_s)


if __name__ == "__main__":
    main()
