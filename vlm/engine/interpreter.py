"""Who translates for an engine: found by name, loaded when it is first needed. No torch until then."""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from vlm.engine.base import Translated
from vlm.errors import Unsupported
from vlm.languages import code_of

DEFAULT_TRANSLATOR: Final = "facebook/m2m100_418M"
NATIVE: Final = "native"
NONE: Final = "none"


class Translates(Protocol):
    def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translated]: ...


class Interpreter:
    """Opens a translator at its first use; `opening` None: there is none."""

    def __init__(self, opening: Callable[[], Translates] | None) -> None:
        self._opening = opening
        self._opened: Translates | None = None

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translated]:
        """As `Engine.translate`; a language into itself needs nobody."""
        if code_of(source) == code_of(target):
            return [Translated(text) for text in texts]
        if self._opening is None:
            raise Unsupported("There is no translator here, so I speak only English (see VLM_TRANSLATOR).")
        if self._opened is None:
            self._opened = self._opening()
        return self._opened.translate(texts, source, target)


NOBODY: Final = Interpreter(None)
