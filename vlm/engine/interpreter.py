"""Who translates for an engine: found by name, loaded when it is first needed. No torch until then."""

import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from vlm.engine.base import Translated
from vlm.errors import ModelNotFound, Unsupported
from vlm.text.languages import code_of

DEFAULT_TRANSLATOR: Final = "facebook/m2m100_418M"
NATIVE: Final = "native"
NONE: Final = "none"
AGAIN_S: Final = 600.0  # after which a translator that was not to be had is looked for once more


class Translates(Protocol):
    def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translated]: ...


class Interpreter:
    """Opens a translator at its first use; `opening` None: there is none."""

    def __init__(self, opening: Callable[[], Translates] | None) -> None:
        self._opening = opening
        self._opened: Translates | None = None
        self._missing: ModelNotFound | None = None
        self._looked_s = 0.0

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translated]:
        """As `Engine.translate`; a language into itself needs nobody."""
        if code_of(source) == code_of(target):
            return [Translated(text) for text in texts]
        if self._opening is None:
            raise Unsupported("There is no translator here, so I speak only English (see VLM_TRANSLATOR).")
        if self._opened is None:
            self._opened = self._open(self._opening)
        return self._opened.translate(texts, source, target)

    def _open(self, opening: Callable[[], Translates]) -> Translates:
        # A hub that is away keeps one waiting: not in every batch.
        if self._missing and time.monotonic() - self._looked_s < AGAIN_S:
            raise self._missing
        self._looked_s = time.monotonic()
        try:
            return opening()
        except ModelNotFound as error:
            self._missing = error.with_traceback(None)
            raise


NOBODY: Final = Interpreter(None)
