"""What a worker asks of an engine. No torch here.

Letters:  N pictures, Q query tokens a picture, D their width, E the width of the shared image-text space.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from PIL.Image import Image

from vlm.protocol import ModelInfo as ModelInfo
from vlm.protocol import Turn

QueryTokens = NDArray[np.float16]  # [Q, D]: all that the language model ever sees of a picture
Vectors = NDArray[np.float32]  # [N, E], L2 norm 1


class Encoded(NamedTuple):
    """What is kept of a picture after its one vision pass."""

    tokens: QueryTokens  # [Q, D]
    vectors: NDArray[np.float16] | None  # [Q, E], each of L2 norm 1; None where no ITC checkpoint is loaded


class Prompt(Struct, frozen=True, kw_only=True):
    """A request to the language model: a caption if `question` is None, else an answer.

    language   the code of the language to answer in, for an engine that `speaks` it; '': English
    detailed   a caption that may take its time
    """

    question: str | None = None
    turns: tuple[Turn, ...] = ()
    language: str = ""
    detailed: bool = False


class Detail(NamedTuple):
    """A question that makes a caption longer, and what is said before its answer.

    With a `{thing}` in it, it is asked of each thing of which the caption names one, and the thing is said.
    """

    question: str
    label: str


class Translated(Struct, frozen=True):
    """A text in another language; or the original, where the translator lost its way (`fell_back`)."""

    text: str
    fell_back: bool = False


class Engine(Protocol):
    """A model that sees. Methods block, are called from one thread at a time, and raise OutOfMemory.

    OutOfMemory is about the batch: the halves of it may fit (`vlm.engine.split_on_oom`).
    """

    @property
    def info(self) -> ModelInfo: ...

    @property
    def details(self) -> Sequence[Detail]:
        """What to ask for a detailed caption, the most helpful first; nothing where it answers nothing."""
        ...

    def encode(self, images: Sequence[Image]) -> list[Encoded]:
        """One vision pass over RGB images of any size; as many results as images."""
        ...

    def generate(self, tokens: Sequence[QueryTokens], prompts: Sequence[Prompt]) -> list[str]:
        """One text for each pair of query tokens and prompt, captions and answers mixed in one batch."""
        ...

    def wordings(self, tokens: QueryTokens, seed: int) -> list[str]:
        """Captions of one picture that the model finds likely, the best first; the same for the same seed."""
        ...

    def embed_text(self, queries: Sequence[str]) -> Vectors:
        """Unit vectors for search queries, comparable with a picture's `vectors`.

        Shapes:  N queries -> [N, E] float32, L2 norm 1.
        Raises:  Unsupported if no ITC checkpoint is loaded.
        Source:  image-text contrastive head, BLIP-2 (Li et al. 2023), section 3.1.
        """
        ...

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translated]:
        """Each text in the language `target`, by codes as Telegram has them ('de', 'pt-br').

        Raises:  Unsupported for a language that the translator does not speak, or where there is none;
                 ModelNotFound where it cannot be loaded, which happens at its first use.
        """
        ...

    def speaks(self, language: str) -> bool:
        """Whether the model itself speaks a language, so that prompts may ask for it: no translator then."""
        ...

    def check(self) -> None:
        """Raise SelfCheckFailed unless the built-in picture is seen as it should be."""
        ...
