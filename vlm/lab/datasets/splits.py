"""Train, val and test splits by picture, so that test pictures are never trained on."""

from collections.abc import Iterable
from hashlib import sha256

SPLITS = ("train", "val", "test")
SHARE = 0.1  # of the pictures, for val and for test


def held_out_count(pictures: int) -> int:
    """How many of so many pictures go to val, and as many to test; one at least if there are three."""
    return max(round(pictures * SHARE), int(pictures >= len(SPLITS)))


def split_by_name(pictures: Iterable[str]) -> dict[str, str]:
    """A split for each picture of a data set without splits: 80/10/10, the same on every machine.

    The order is that of the names' SHA-256, so it depends on nothing but the names.
    """
    shuffled = sorted(set(pictures), key=lambda name: sha256(name.encode()).digest())
    held_out = held_out_count(len(shuffled))
    return {
        name: "test" if place < held_out else "val" if place < 2 * held_out else "train"
        for place, name in enumerate(shuffled)
    }
