"""The vectors of many pictures in blocks, so that adding one copies none of the others.

    N pictures, Q vectors of each, E their width

Blocks have a fixed size and are fp32, as numpy multiplies fp16 a hundred times slower. A block never moves
once it is allocated, so adding a picture to ten thousand costs one picture. A block is always multiplied as a
whole: a matrix product of another size rounds differently at its edge, and then a picture's similarity would
depend on its row and on the number of pictures.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

BLOCK: Final = 256  # pictures: 8 MB of BLIP-2's


class VectorBlocks:
    """Rows of one shape [Q, E], which the first picture sets. Setting row `len` adds one."""

    def __init__(self) -> None:
        self._blocks: list[Floats] = []  # [BLOCK, Q, E] each, 0 in free rows
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def nbytes(self) -> int:
        """Memory in use. Free rows of the last block are not counted: zero pages take no memory."""
        return self._count * self._blocks[0][0].nbytes if self._blocks else 0

    def fits(self, vectors: NDArray[Any]) -> bool:
        """Whether the vectors have the shape of the others."""
        return not self._blocks or self._blocks[0].shape[1:] == vectors.shape

    def set(self, row: int, vectors: NDArray[Any]) -> None:
        """Store a picture's vectors [Q, E] in a row up to `len`."""
        if row == len(self._blocks) * BLOCK:
            self._blocks.append(np.zeros((BLOCK, *vectors.shape), np.float32))
        self._blocks[row // BLOCK][row % BLOCK] = vectors
        self._count = max(self._count, row + 1)

    def clear(self, row: int) -> None:
        """Erase a picture's vectors; the row can be reused."""
        self._blocks[row // BLOCK][row % BLOCK] = 0

    def nearest(self, query: Floats) -> Floats:
        """The largest product of each picture's vectors with `query`, [E] or several [K, E]: [N]."""
        nearest = [similarities(flat(block), len(block), query) for block in self._blocks]
        return np.concatenate(nearest)[: self._count] if nearest else np.zeros(0, np.float32)

    def rows(self, rows: NDArray[Any]) -> Floats:
        """The vectors of some rows, copied: [n, Q, E]."""
        return np.stack([self._blocks[row // BLOCK][row % BLOCK] for row in rows])


def flat(vectors: NDArray[Any]) -> Floats:
    """All vectors as one matrix, in fp32: [N, Q, E] -> [N * Q, E]."""
    return vectors.reshape(-1, vectors.shape[-1]).astype(np.float32, copy=False)


def similarities(flat: Floats, pictures: int, query: Floats) -> Floats:
    """Each picture's largest product with a query [E], or with one of several [K, E]: [N * Q, E] -> [N]."""
    products = flat @ np.atleast_2d(query).T  # [N * Q, K]: a third faster than the other order if K is large
    nearest: Floats = products.reshape(pictures, -1).max(axis=1)
    return nearest
