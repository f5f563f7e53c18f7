"""Train, val and test: always by picture, or a test asks for captions of pictures that were learned."""

from collections.abc import Iterable
from hashlib import sha256

SPLITS = ("train", "val", "test")
SHARE = 0.1  # of the pictures, for val and for test


def divided(pictures: Iterable[str]) -> dict[str, str]:
    """A split for each picture where the publisher made none: 80/10/10, the same on every machine.

    The order is that of the names' SHA-256, so it depends on nothing but the names.
    """
    shuffled = sorted(set(pictures), key=lambda name: sha256(name.encode()).digest())
    each = round(len(shuffled) * SHARE)
    if not each and len(shuffled) >= len(SPLITS):
        each = 1
    return {
        name: "test" if place < each else "val" if place < 2 * each else "train"
        for place, name in enumerate(shuffled)
    }
