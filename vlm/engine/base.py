"""What an engine is made from, and its interface. No torch here.

Shapes:  N pictures, Q query tokens a picture, D their width, E the width of the shared image-text space.
"""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from PIL.Image import Image

from vlm.protocol import ModelInfo, Turn
from vlm.settings import DEFAULT_MODEL

CLASSIC: Final = "classic:"  # before the folder of a classic captioner

QueryTokens = NDArray[np.float16]  # [Q, D]: all that the language model ever sees of a picture
Vectors = NDArray[np.float32]  # [N, E], L2 norm 1


class EngineOptions(Struct, frozen=True, kw_only=True):
    """What an engine is made from.

    model            tiny | a folder | a hub id | classic:FOLDER | echo (for tests)
    revision         its hub revision; '': the pinned one for the default model, else the hub's latest
    itc_model        the checkpoint that embeds for search; '': MODEL/itc, or the default's match; none: off
    itc_revision     the hub revision of `itc_model`
    quant            int8 | none; '': int8 on a GPU, none on a CPU
    int8_threshold   LLM.int8's outlier threshold; above 0, one picture's answer depends on its batch
    device           auto | cpu | cuda | cuda:1 ...
    dtype            auto | fp32 | fp16 | bf16
    beams            0: as many as the checkpoint sets, else 5
    translator       tiny | a checkpoint folder | a hub id | native (the model speaks them itself) | none;
                     '': the model's own, else M2M100
    translator_revision  the hub revision of `translator`
    """

    model: str = DEFAULT_MODEL
    revision: str = ""
    itc_model: str = ""
    itc_revision: str = ""
    quant: Literal["", "int8", "none"] = ""
    int8_threshold: float = 0.0
    device: str = "auto"
    dtype: Literal["auto", "fp32", "fp16", "bf16"] = "auto"
    beams: int = 0
    translator: str = ""
    translator_revision: str = ""


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
    """A question whose answer makes a caption longer, and the label before the answer.

    A question with a `{thing}` in it is asked for each thing of which the caption names one.
    """

    question: str
    label: str


# For photographs, the most helpful first. BLIP-2's answers are a few words each.
GENERAL_DETAILS: Final = (
    Detail("What is in the background?", "background"),
    Detail("What colors are in the photo?", "colours"),
    Detail("What time of day is it?", "time of day"),
)


class Translated(Struct, frozen=True):
    """A text in another language, or the original text if the translation failed."""

    text: str
    translation_failed: bool = False


class Engine(Protocol):
    """A vision-language model. Methods block, and are called from one thread at a time.

    They raise OutOfMemory for a batch that does not fit; half of it may (`vlm.engine.isolation`).
    """

    @property
    def info(self) -> ModelInfo: ...

    @property
    def details(self) -> Sequence[Detail]:
        """The questions for a detailed caption, the most helpful first; none if it answers no questions."""
        ...

    def encode(self, images: Sequence[Image]) -> list[Encoded]:
        """One vision pass over RGB images of any size; as many results as images."""
        ...

    def generate(self, tokens: Sequence[QueryTokens], prompts: Sequence[Prompt]) -> list[str]:
        """One text for each pair of query tokens and prompt, captions and answers mixed in one batch."""
        ...

    def likely_captions(self, tokens: QueryTokens, seed: int) -> list[str]:
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

        Raises:  Unsupported for a language that the translator does not speak, or if there is no translator;
                 ModelNotFound if it cannot be loaded, which happens at its first use.
        """
        ...

    def speaks(self, language: str) -> bool:
        """Whether the model itself speaks a language, so that prompts may ask for it without a translator."""
        ...

    def check(self) -> None:
        """Raise SelfCheckFailed unless the built-in picture gets the expected caption."""
        ...
