"""The vectors of many pictures, where one more copies none of the others.

    N pictures, Q vectors of each, E their width

They lie in blocks of fixed size, in fp32: numpy multiplies halves a hundred times slower. A block that was
once made never moves, so that ten thousand pictures and one more cost the one. A block is always multiplied
whole: a matrix product of another size rounds otherwise at its edge, and a picture's similarity would depend
on where it lies and how many there are.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

BLOCK: Final = 256  # pictures: 8 MB of BLIP-2's


class Blocks:
    """All of one shape [Q, E], which the first one sets. `put` at `len` grows it by one."""

    def __init__(self) -> None:
        self._blocks: list[Floats] = []  # [BLOCK, Q, E] each, 0 where no picture is
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def nbytes(self) -> int:
        """What they take. Room for the next ones takes none before they come: it is all 0."""
        return self._count * self._blocks[0][0].nbytes if self._blocks else 0

    def fits(self, vectors: NDArray[Any]) -> bool:
        """Whether they have the shape of those that are here."""
        return not self._blocks or self._blocks[0].shape[1:] == vectors.shape

    def put(self, place: int, vectors: NDArray[Any]) -> None:
        """Keep a picture's vectors [Q, E] at a place up to `len`."""
        if place == len(self._blocks) * BLOCK:
            self._blocks.append(np.zeros((BLOCK, *vectors.shape), np.float32))
        self._blocks[place // BLOCK][place % BLOCK] = vectors
        self._count = max(self._count, place + 1)

    def clear(self, place: int) -> None:
        """Forget a picture's vectors; its place is for another one."""
        self._blocks[place // BLOCK][place % BLOCK] = 0

    def nearest(self, wanted: Floats) -> Floats:
        """The largest product of each picture's vectors with `wanted`, [E] or several [K, E]: [N]."""
        found = [similarities(flat(block), len(block), wanted) for block in self._blocks]
        return np.concatenate(found)[: self._count] if found else np.zeros(0, np.float32)

    def at(self, places: NDArray[Any]) -> Floats:
        """The vectors of some pictures, copied: [n, Q, E]."""
        return np.stack([self._blocks[place // BLOCK][place % BLOCK] for place in places])


def flat(vectors: NDArray[Any]) -> Floats:
    """All vectors under one another, in fp32: [N, Q, E] -> [N * Q, E]."""
    return vectors.reshape(-1, vectors.shape[-1]).astype(np.float32, copy=False)


def similarities(flat: Floats, pictures: int, wanted: Floats) -> Floats:
    """How near each picture comes to a query [E], or to one of several [K, E]: [N * Q, E] -> [N]."""
    products = flat @ np.atleast_2d(wanted).T  # [N * Q, K]: with many K faster by a third than the other way
    nearest: Floats = products.reshape(pictures, -1).max(axis=1)
    return nearest
