"""An engine, and how long each of its stages takes."""

from collections.abc import Sequence

from PIL.Image import Image

from vlm.engine.base import Detail, Encoded, Engine, ModelInfo, Prompt, QueryTokens, Translated, Vectors
from vlm.ops.metrics import Metrics


class TimedEngine:
    """`engine` as it is; vision, generate, embed and translate are noted in `metrics`, call by call."""

    def __init__(self, engine: Engine, metrics: Metrics) -> None:
        self._engine = engine
        self._stage = metrics.stage.labels

    @property
    def info(self) -> ModelInfo:
        return self._engine.info

    @property
    def details(self) -> Sequence[Detail]:
        return self._engine.details

    def encode(self, images: Sequence[Image]) -> list[Encoded]:
        with self._stage("vision").time():
            return self._engine.encode(images)

    def generate(self, tokens: Sequence[QueryTokens], prompts: Sequence[Prompt]) -> list[str]:
        with self._stage("generate").time():
            return self._engine.generate(tokens, prompts)

    def wordings(self, tokens: QueryTokens, seed: int) -> list[str]:
        with self._stage("generate").time():
            return self._engine.wordings(tokens, seed)

    def embed_text(self, queries: Sequence[str]) -> Vectors:
        with self._stage("embed").time():
            return self._engine.embed_text(queries)

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translated]:
        with self._stage("translate").time():
            return self._engine.translate(texts, source, target)

    def speaks(self, language: str) -> bool:
        return self._engine.speaks(language)

    def check(self) -> None:
        self._engine.check()
