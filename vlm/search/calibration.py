"""What a query is compared with before it is called found: pictures that have nothing to do with the chat.

    M pictures of the background, Q vectors of each, E their width

One similarity means much for one query and nothing for another: every picture is a little like 'a thing'.
So it counts by how far it stands out from the similarities of the background with the same query.

A checkpoint brings its background and its cut-off along, in the folder `search` below its own:

    bank.safetensors   the background's vectors [M, Q, E] fp16
    search.json        the rule and its cut-off, how often the background's captions have which word,
                       the revision of the model, and how it was fitted, with the scores
"""

from functools import cached_property
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from vlm.errors import ModelNotFound
from vlm.search.vectors import Floats as Floats
from vlm.search.vectors import flat, similarities

FOLDER: Final = "search"
BANK, FACTS = "bank.safetensors", "search.json"
FEWEST: Final = 16  # pictures that can say what is usual; with fewer, only words count


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """Evidence that a picture is meant: a weighted sum less `cut`; above 0 it is a hit.

    spread       weight of how far the similarity stands out, in standard deviations of the background
    similarity   weight of the similarity itself
    words        weight of the share of the query's words that the picture's text has
    """

    spread: float
    similarity: float
    words: float
    cut: float

    def __call__(self, spread: Floats, similarity: Floats, words: Floats) -> Floats:
        evidence: Floats = self.spread * spread + self.similarity * similarity + self.words * words - self.cut
        return evidence


UNFITTED: Final = Rule(spread=1.0, similarity=0.0, words=4.0, cut=4.5)
WORDS_ONLY: Final = Rule(spread=0.0, similarity=0.0, words=4.0, cut=3.0)


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What search.json holds. `fitted` tells how, and how well: for people and for cards."""

    revision: str
    rule: Rule
    texts: int
    words: dict[str, int]
    fitted: dict[str, Any]


class ReferenceSet:
    """A checkpoint's calibration. `vectors` [M, Q, E] of any float type."""

    def __init__(self, facts: Facts, vectors: NDArray[Any]) -> None:
        self.facts, self.vectors = facts, vectors

    @cached_property
    def flat(self) -> tuple[Floats, int]:
        """The vectors as one matrix [M * Q, E], and M."""
        return flat(self.vectors), len(self.vectors)

    def usual(self, query: Floats) -> tuple[float, float]:
        """Mean and standard deviation of a query's similarity with the background."""
        return usual(similarities(*self.flat, query))

    def save(self, model: Path) -> None:
        """Write the folder `search` below the checkpoint's."""
        from safetensors.numpy import save

        folder = model / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        # not save_file, which lets nobody else read: a checkpoint is shared
        (folder / BANK).write_bytes(save({"vectors": self.vectors.astype(np.float16)}))
        (folder / FACTS).write_bytes(msgspec.json.format(msgspec.json.encode(self.facts), indent=1) + b"\n")


def load_reference_set(model: Path, revision: str) -> ReferenceSet | None:
    """The calibration of the checkpoint in `model`, if it has one for this revision of it.

    Raises:  ModelNotFound for one that cannot be read.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    folder = model / FOLDER
    if not (folder / FACTS).is_file():
        return None
    try:
        facts = msgspec.json.decode((folder / FACTS).read_bytes(), type=Facts)
        if facts.revision != revision:
            return None
        return ReferenceSet(facts, load_file(folder / BANK)["vectors"])
    except (OSError, msgspec.DecodeError, SafetensorError, KeyError) as error:
        raise ModelNotFound(f"The search calibration in {folder} cannot be read: {error}.") from error


def usual(found: Floats) -> tuple[float, float]:
    """Mean and standard deviation, never 0; in whatever order they are given."""
    ordered = np.sort(found)
    return float(ordered.mean()), max(float(ordered.std()), 1e-6)
