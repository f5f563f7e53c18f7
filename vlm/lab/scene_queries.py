"""Search queries that fit a scene, as people type them, and which scenes a query fits. Pure.

'a cat', 'cats', 'two dogs', 'pizza', 'cat and pizza', 'pizza on green', 'green background', or the caption
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vlm.lab.scenes import UNNAMED, Scene, join, phrase
from vlm.lab.vocabulary import NOUNS, article


@dataclass(frozen=True, slots=True)
class SceneQuery:
    """A text and what it asks for: (noun, count) pairs, count 0 for 'any number', and perhaps a colour."""

    text: str
    wanted: tuple[tuple[int, int], ...]
    colour: str | None = None
    exactly: Scene | None = None  # this, and nothing else
    strange: bool = False  # something that has no name here

    def fits(self, scene: Scene) -> bool:
        if self.exactly is not None:
            return self.exactly.caption == scene.caption
        if self.colour not in (None, scene.colour) or (self.strange and not scene.unknown):
            return False
        return all(
            scene.counts.get(noun, 0) >= 1 and count in (0, scene.counts[noun]) for noun, count in self.wanted
        )


def caption_query(scene: Scene) -> SceneQuery:
    return SceneQuery(scene.caption, tuple(scene.counts.items()), scene.colour, exactly=scene)


def partial_query(scene: Scene, rng: np.random.Generator) -> SceneQuery:
    """A query that the scene fits, naming one or two of its things, perhaps its colour."""
    here = list(scene.counts)
    if scene.colour and (not here or rng.random() < 0.06):
        empty = "empty " if not scene.things and rng.random() < 0.3 else ""
        return SceneQuery(f"{empty}{scene.colour} background", (), scene.colour)
    if not here:
        return SceneQuery(UNNAMED, (), strange=True)
    chosen = rng.choice(len(here), size=min(len(here), 1 + int(rng.random() < 0.3)), replace=False)
    nouns = sorted(here[i] for i in chosen)
    worded = [_worded(noun, scene.counts[noun], rng) for noun in nouns]
    text = join([words for words, _ in worded])
    colour = scene.colour if rng.random() < 0.3 else None
    if colour:
        text += (f" on {colour}", f" on {article(colour)} {colour} background")[rng.integers(2)]
    if rng.random() < 0.1:
        text = text[0].upper() + text[1:]
    return SceneQuery(text, tuple(zip(nouns, (count for _, count in worded), strict=True)), colour)


def _worded(noun: int, count: int, rng: np.random.Generator) -> tuple[str, int]:
    kind = NOUNS[noun]
    forms = [(kind.name, 0), (kind.with_article, 0), (kind.plural, 0)]
    if count > 1:
        forms += [(phrase(noun, count), count)] * 2
    return forms[rng.integers(len(forms))]


def matches(scenes: list[Scene], queries: list[SceneQuery]) -> NDArray[np.bool_]:
    """Which query fits which scene, [queries, scenes]."""
    return np.array([[query.fits(scene) for scene in scenes] for query in queries], dtype=bool)
