"""The calibration of searches: a reference set of unrelated pictures, and the rule for what is a hit.

    M pictures of the reference set, Q vectors of each, E their width

The same similarity means much for one query and nothing for another: every picture is a little like 'a
thing'. So a similarity counts by its z-score among the similarities of the reference set with the same query.

A checkpoint has its reference set and its cut-off in its folder `search`:

    bank.safetensors   the vectors of the reference set, [M, Q, E] fp16
    search.json        the rule and its cut-off, the number of the set's captions that have each word,
                       the revision of the model, and how the rule was fitted, with the scores
"""

from functools import cached_property
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from vlm.errors import ModelNotFound
from vlm.search.vectors import Floats, flat, similarities

FOLDER: Final = "search"
BANK, FACTS = "bank.safetensors", "search.json"
MIN_PICTURES: Final = 16  # for a baseline; with fewer, only words count


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """The evidence that a picture answers a query: a weighted sum minus `cut`; above 0, the picture is a hit.

    z_score      weight of the similarity in standard deviations of the reference set; 'spread' in search.json
    similarity   weight of the similarity itself
    words        weight of the share of the query's words that the picture's text has
    """

    z_score: float = msgspec.field(name="spread")
    similarity: float
    words: float
    cut: float

    def __call__(self, z_score: Floats, similarity: Floats, words: Floats) -> Floats:
        evidence: Floats = (
            self.z_score * z_score + self.similarity * similarity + self.words * words - self.cut
        )
        return evidence


UNFITTED: Final = Rule(z_score=1.0, similarity=0.0, words=4.0, cut=4.5)
WORDS_ONLY: Final = Rule(z_score=0.0, similarity=0.0, words=4.0, cut=3.0)


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """The content of search.json. `fitted` says how, and how well: for people and for model cards."""

    revision: str
    rule: Rule
    texts: int
    words: dict[str, int]
    fitted: dict[str, Any]


class ReferenceSet:
    """A checkpoint's calibration and reference pictures. `vectors` [M, Q, E] of any float type."""

    def __init__(self, calibration: Calibration, vectors: NDArray[Any]) -> None:
        self.calibration, self.vectors = calibration, vectors

    @cached_property
    def flat(self) -> tuple[Floats, int]:
        """The vectors as one matrix [M * Q, E], and M."""
        return flat(self.vectors), len(self.vectors)

    def baseline(self, query: Floats) -> tuple[float, float]:
        """Mean and standard deviation of a query's similarity with the reference set."""
        return baseline(similarities(*self.flat, query))

    def save(self, model: Path) -> None:
        """Write the folder `search` into a checkpoint's folder."""
        from safetensors.numpy import save

        folder = model / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        # not save_file, whose files only their owner can read: a checkpoint is shared
        (folder / BANK).write_bytes(save({"vectors": self.vectors.astype(np.float16)}))
        (folder / FACTS).write_bytes(
            msgspec.json.format(msgspec.json.encode(self.calibration), indent=1) + b"\n"
        )


def load_reference_set(model: Path, revision: str) -> ReferenceSet | None:
    """The reference set of the checkpoint in `model`, if it has one for this revision.

    Raises:  ModelNotFound if it cannot be read.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    folder = model / FOLDER
    if not (folder / FACTS).is_file():
        return None
    try:
        calibration = msgspec.json.decode((folder / FACTS).read_bytes(), type=Calibration)
        if calibration.revision != revision:
            return None
        return ReferenceSet(calibration, load_file(folder / BANK)["vectors"])
    except (OSError, msgspec.DecodeError, SafetensorError, KeyError) as error:
        raise ModelNotFound(f"The search calibration in {folder} cannot be read: {error}.") from error


def baseline(similarities: Floats) -> tuple[float, float]:
    """Mean and standard deviation, which is never 0; the same in whatever order the similarities are."""
    ordered = np.sort(similarities)
    return float(ordered.mean()), max(float(ordered.std()), 1e-6)
