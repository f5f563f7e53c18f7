"""Evaluate an engine on drawn scenes: captions, answers by kind, search with and without a match.

The results are statistics of each scene by score, under names like 'answer: count'.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np
from PIL import Image

from vlm.engine.base import Encoded, Engine, Prompt
from vlm.errors import ModelNotFound, Unsupported
from vlm.lab.calibration import NoMatchScores, RetrievalData, no_match_test
from vlm.lab.drawing import draw
from vlm.lab.evaluation.statistics import Statistics, ratio
from vlm.lab.glyphs import Glyphs
from vlm.lab.languages.corpus import caption_of
from vlm.lab.languages.reference import Reference
from vlm.lab.languages.tables import FOREIGN, read_sentences, read_words
from vlm.lab.metrics import answer_statistics, caption_statistics
from vlm.lab.query_sets import scene_query_set
from vlm.lab.questions import KINDS, draw_question
from vlm.lab.scene_queries import SceneQuery, caption_query, matches, partial_query
from vlm.lab.scenes import Scene
from vlm.lab.scores.ranks import first_right
from vlm.protocol import Turn
from vlm.search.calibration import ReferenceSet

BATCH = 25
SHORT_SIDE_PX = 480
JPEG_QUALITY = 88
FOLLOW_UP = "count after turns"
MIN_THINGS_FOR_RELATION = 3  # with fewer, a relation can be guessed
CUTS = (1, 10)

SceneStatistics = dict[str, Statistics]  # what one scene adds to each score
OnProgress = Callable[[int], object]  # called with the size of each batch


def steps() -> int:
    """How often each scene is encoded or prompted; `on_progress` counts every time."""
    return len(KINDS) + 3


class SceneEvaluation:
    """One engine on some scenes, each encoded once."""

    def __init__(
        self, engine: Engine, scenes: Sequence[Scene], glyphs: Glyphs, on_progress: OnProgress
    ) -> None:
        self.scenes = scenes
        self._engine, self._on_progress = engine, on_progress
        self._encoded = self._encode(glyphs)
        self.captions = self._generate([Prompt() for _ in scenes])

    def caption_rows(self) -> list[SceneStatistics]:
        """Scores of the captions."""
        pairs = zip(self.scenes, self.captions, strict=True)
        return [_named("caption", caption_statistics(scene, caption)) for scene, caption in pairs]

    def answer_rows(self, kind: str, turns: int = 0) -> list[SceneStatistics]:
        """Scores of one question of this kind about each scene, after `turns` earlier ones."""
        prompts, truths = [], []
        for number, scene in enumerate(self.scenes):
            rng = np.random.default_rng((number, KINDS.index(kind), turns))
            earlier = [draw_question(scene, rng) for _ in range(turns)]
            drawn = draw_question(scene, rng, kind)
            counts = drawn.kind == kind and (
                kind != "relation" or len(scene.things) >= MIN_THINGS_FOR_RELATION
            )
            earlier_turns = tuple(Turn(question=e.question, answer=e.answer) for e in earlier)
            prompts.append(Prompt(question=drawn.question, turns=earlier_turns))
            truths.append(drawn.answer if counts else None)
        name = FOLLOW_UP if turns else kind
        answers = self._generate(prompts)
        return [
            {} if truth is None else {f"answer: {name}": answer_statistics(truth, answer)}
            for truth, answer in zip(truths, answers, strict=True)
        ]

    def search_rows(self) -> list[SceneStatistics]:
        """Recall of the pictures for whole captions, and for queries as people type them."""
        if any(encoded.vectors is None for encoded in self._encoded):
            return [{} for _ in self.scenes]
        rng = np.random.default_rng(0)
        partial = [partial_query(scene, rng) for scene in self.scenes]
        by_caption = self._ranks("caption", [caption_query(scene) for scene in self.scenes])
        return [row | other for row, other in zip(by_caption, self._ranks("query", partial), strict=True)]

    def language_rows(self) -> list[SceneStatistics]:
        """Captions translated to each other language (exact share) and from it (as queries).

        Empty without a translator.
        """
        if any(encoded.vectors is None for encoded in self._encoded):
            return [{} for _ in self.scenes]
        reference = Reference(read_words(), read_sentences())
        meanings = [caption_of(reference, scene) for scene in self.scenes]
        rows: list[SceneStatistics] = [{} for _ in self.scenes]
        for code in FOREIGN:
            truths = [reference.say(meaning, code) for meaning in meanings]
            try:
                texts = self._engine.translate([scene.caption for scene in self.scenes], "en", code)
                english = self._engine.translate(truths, code, "en")
            except (ModelNotFound, Unsupported):
                return [{} for _ in self.scenes]
            wanted = [caption_query(scene) for scene in self.scenes]
            queries = [replace(query, text=new.text) for query, new in zip(wanted, english, strict=True)]
            for row, truth, new in zip(rows, truths, texts, strict=True):
                row[f"language: {code} caption exactly"] = ratio(new.text == truth)
            ranks = self._ranks(f"caption through {code}", queries)
            rows = [row | more for row, more in zip(rows, ranks, strict=True)]
        return rows

    def no_match(self, reference_set: ReferenceSet | None, count: int) -> NoMatchScores | None:
        """Scores of `count` queries with and without a match; None for an engine without vectors."""
        if any(encoded.vectors is None for encoded in self._encoded):
            return None
        searches = scene_query_set(self.scenes, count)
        data = RetrievalData(
            vectors=np.stack([encoded.vectors for encoded in self._encoded if encoded.vectors is not None]),
            texts=self.captions,
            queries=searches.texts,
            query_vectors=self._engine.embed_text(searches.texts),
            fits=searches.fits,
            related=searches.related,
        )
        return no_match_test(data, reference_set)

    def _ranks(self, name: str, queries: Sequence[SceneQuery]) -> list[SceneStatistics]:
        vectors = np.stack(
            [encoded.vectors for encoded in self._encoded if encoded.vectors is not None]
        )  # [N, Q, E]
        flat = vectors.astype(np.float32).reshape(-1, vectors.shape[2])  # [N * Q, E]
        query_vectors = self._engine.embed_text([query.text for query in queries])  # [S, E]
        similarity = [(flat @ vector).reshape(len(vectors), -1).max(axis=1) for vector in query_vectors]
        ranks = first_right(np.stack(similarity), matches(list(self.scenes), list(queries)))  # [S]
        return [{f"search: {name} R@{k}": ratio(rank <= k) for k in CUTS} for rank in ranks]

    def _encode(self, glyphs: Glyphs) -> list[Encoded]:
        photos = render_photos(self.scenes, glyphs)
        encoded: list[Encoded] = []
        while batch := list(islice(photos, BATCH)):
            encoded += self._engine.encode(batch)
            self._on_progress(len(batch))
        return encoded

    def _generate(self, prompts: Sequence[Prompt]) -> list[str]:
        texts: list[str] = []
        for start in range(0, len(prompts), BATCH):
            batch = slice(start, start + BATCH)
            texts += self._engine.generate(
                [encoded.tokens for encoded in self._encoded[batch]], prompts[batch]
            )
            self._on_progress(len(prompts[batch]))
        return texts


def render_photos(scenes: Sequence[Scene], glyphs: Glyphs) -> Iterator[Image.Image]:
    """The scenes as photographs that were sent as JPEG."""
    for scene in scenes:
        width_px, height_px = (round(SHORT_SIDE_PX * extent) for extent in scene.extent)
        buffer = io.BytesIO()
        draw(scene, glyphs, width_px, height_px).save(buffer, "JPEG", quality=JPEG_QUALITY)
        yield Image.open(buffer).convert("RGB")


def _named(group: str, parts: dict[str, Statistics]) -> SceneStatistics:
    return {f"{group}: {name}": part for name, part in parts.items()}
