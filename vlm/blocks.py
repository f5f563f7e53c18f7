"""The vectors of many pictures, where one more copies none of the others.

    N pictures, Q vectors of each, E their width

They lie in blocks of fixed size, in fp32: numpy multiplies halves a hundred times slower. A block that was
once made never moves, so that ten thousand pictures and one more cost the one.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

BLOCK: Final = 256  # pictures: 8 MB of BLIP-2's


class Blocks:
    """All of one shape [Q, E], which the first one sets. `put` at `len` grows it by one."""

    def __init__(self) -> None:
        self._blocks: list[Floats] = []  # [BLOCK, Q, E] each, the last one not yet full
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def nbytes(self) -> int:
        """What they take, room for the next ones included."""
        return sum(block.nbytes for block in self._blocks)

    def fits(self, vectors: NDArray[Any]) -> bool:
        """Whether they have the shape of those that are here."""
        return not self._blocks or self._blocks[0].shape[1:] == vectors.shape

    def put(self, place: int, vectors: NDArray[Any]) -> None:
        """Keep a picture's vectors [Q, E] at a place up to `len`."""
        if place == len(self._blocks) * BLOCK:
            self._blocks.append(np.empty((BLOCK, *vectors.shape), np.float32))
        self._blocks[place // BLOCK][place % BLOCK] = vectors
        self._count = max(self._count, place + 1)

    def nearest(self, wanted: Floats) -> Floats:
        """The largest product of each picture's vectors with `wanted`, [E] or several [K, E]: [N]."""
        found = [similarities(flat(block), len(block), wanted) for block in self._filled()]
        return np.concatenate(found) if found else np.zeros(0, np.float32)

    @property
    def first(self) -> Floats:
        """Some of them, for what is usual: [up to BLOCK, Q, E]. Raises IndexError where there is none."""
        return self._filled()[0]

    def at(self, places: NDArray[Any]) -> Floats:
        """The vectors of some pictures, copied: [n, Q, E]."""
        return np.stack([self._blocks[place // BLOCK][place % BLOCK] for place in places])

    def _filled(self) -> list[Floats]:
        left = self._count - BLOCK * (len(self._blocks) - 1)
        return [*self._blocks[:-1], self._blocks[-1][:left]] if self._blocks else []


def flat(vectors: NDArray[Any]) -> Floats:
    """All vectors under one another, in fp32: [N, Q, E] -> [N * Q, E]."""
    return vectors.reshape(-1, vectors.shape[-1]).astype(np.float32, copy=False)


def similarities(flat: Floats, pictures: int, wanted: Floats) -> Floats:
    """How near each picture comes to a query [E], or to one of several [K, E]: [N * Q, E] -> [N]."""
    products = np.atleast_2d(wanted) @ flat.T  # [K, N * Q]: this way around it is faster by a third
    nearest: Floats = products.max(axis=0).reshape(pictures, -1).max(axis=1)
    return nearest
