"""An engine without a model, for tests of everything around an engine: it sees a picture's colour and size.

The same picture always gets the same text. The failures of real models can be simulated: slowness, batches
that do not fit the memory, prompts that end the process or hang.

Shapes:  C colours; tokens are [2, 4]: (red, green, blue, 0), (width and height, each as 1024s and rest).
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from PIL.Image import Image

from vlm.engine.base import Detail, Encoded, Prompt, QueryTokens, Translated, Vectors
from vlm.errors import OutOfMemory, Unsupported
from vlm.protocol import ModelInfo
from vlm.text.languages import ENGLISH, code_of
from vlm.text.languages import NAMES as LANGUAGES

COLOURS: Final = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "gray": (128, 128, 128),
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
    "orange": (255, 128, 0),
    "purple": (128, 0, 128),
    "pink": (255, 128, 192),
}
NAMES: Final = tuple(COLOURS)
PALETTE: Final = np.array(list(COLOURS.values()), np.float32)  # [C, 3]
SPOKEN: Final = LANGUAGES.keys() - {ENGLISH, "zh"}  # Chinese is the language that it cannot write
UNIT: Final = 1024  # fp16 counts exactly only up to 2048


def never(prompt: Prompt) -> bool:
    """False for every prompt."""
    return False


class EchoEngine:
    """Deterministic, without weights.

    delay_s     how long each call takes
    oom_above   the largest batch that fits the memory
    poison      whether a prompt ends the process, as a broken driver does
    hang        whether a prompt never returns
    """

    def __init__(
        self,
        *,
        delay_s: float = 0.0,
        oom_above: int | None = None,
        poison: Callable[[Prompt], bool] = never,
        hang: Callable[[Prompt], bool] = never,
    ) -> None:
        self.info = ModelInfo(
            name="echo",
            revision="echo-1",
            knows="It knows only colours and sizes.",
            languages=tuple(sorted(SPOKEN)),
        )
        self.details = (Detail("what else?", "more"),)
        self._delay_s = delay_s
        self._oom_above = oom_above
        self._poison = poison
        self._hang = hang

    def encode(self, images: Sequence[Image]) -> list[Encoded]:
        """Mean colour and size."""
        self._run(len(images))
        return [_encoded(image) for image in images]

    def generate(self, tokens: Sequence[QueryTokens], prompts: Sequence[Prompt]) -> list[str]:
        """Captions name colour and size; answers repeat the question."""
        if any(self._poison(prompt) for prompt in prompts):
            os.kill(os.getpid(), signal.SIGKILL)
        if any(self._hang(prompt) for prompt in prompts):
            threading.Event().wait()
        self._run(len(prompts))
        return [_text(rows, prompt) for rows, prompt in zip(tokens, prompts, strict=True)]

    def likely_captions(self, tokens: QueryTokens, seed: int) -> list[str]:
        """Always the same two captions."""
        self._run(1)
        return [f"{_colour(tokens)}, {_size(tokens)}", f"a {_colour(tokens)} rectangle, {_size(tokens)}"]

    def embed_text(self, queries: Sequence[str]) -> Vectors:
        """The colours that a query names.

        Shapes:  N queries -> [N, C] float32, L2 norm 1.
        """
        named = np.array([[name in query.lower() for name in NAMES] for query in queries], np.float32)
        named[~named.any(axis=1)] = 1  # a query without colours is equally near to all
        vectors: Vectors = named / np.linalg.norm(named, axis=1, keepdims=True)
        return vectors

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translated]:
        """The same text with the language's code before it, 'de: two cats'; into English, without it."""
        self._run(len(texts))
        source, target = code_of(source), code_of(target)
        if lacking := {source, target} - SPOKEN - {ENGLISH}:
            raise Unsupported(f"The echo does not speak {lacking.pop()}.")
        if target == ENGLISH or source == target:
            return [Translated(text.removeprefix(f"{source}: ")) for text in texts]
        return [Translated(f"{target}: {text}" if text else text) for text in texts]

    def speaks(self, language: str) -> bool:
        """False: it speaks no language but English itself."""
        return False

    def check(self) -> None:
        """It has nothing to check."""

    def _run(self, batch: int) -> None:
        time.sleep(self._delay_s)
        if self._oom_above is not None and batch > self._oom_above:
            raise OutOfMemory(f"{batch} do not fit, {self._oom_above} do")


def _encoded(image: Image) -> Encoded:
    red, green, blue = np.asarray(image).reshape(-1, 3).mean(axis=0)
    (wide, width), (high, height) = divmod(image.width, UNIT), divmod(image.height, UNIT)
    tokens = np.array([[red, green, blue, 0], [wide, width, high, height]], np.float16)
    vector = np.eye(len(NAMES), dtype=np.float16)[NAMES.index(_colour(tokens))]
    return Encoded(tokens, vector[None])


def _colour(tokens: QueryTokens) -> str:
    distances = np.linalg.norm(PALETTE - tokens[0, :3].astype(np.float32), axis=1)  # [C]
    return NAMES[int(distances.argmin())]


def _text(tokens: QueryTokens, prompt: Prompt) -> str:
    picture = f"a {_colour(tokens)} picture of {_size(tokens)}"
    if prompt.question is None:
        return picture
    return f"{prompt.question} (asked of {picture}, after {len(prompt.turns)} turns)"


def _size(tokens: QueryTokens) -> str:
    wide, width, high, height = (int(value) for value in tokens[1])
    return f"{UNIT * wide + width} by {UNIT * high + height}"
