"""What is asked of an engine about drawn scenes: captions, answers by kind, search with its 'nothing'.

What comes back are parts, a mapping for each scene, under names like 'answer: count'.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np
from PIL import Image

from vlm.engine.base import Encoded, Engine, Prompt
from vlm.errors import ModelNotFound, Unsupported
from vlm.lab.calibration import Absent, Material, absent_test
from vlm.lab.drawing import draw
from vlm.lab.evaluation.parts import Part, share
from vlm.lab.glyphs import Glyphs
from vlm.lab.languages.corpus import caption_of
from vlm.lab.languages.reference import Reference
from vlm.lab.languages.tables import FOREIGN, read_sentences, read_words
from vlm.lab.metrics import answer_part, caption_parts
from vlm.lab.queries import Query, caption_query, matches, partial_query
from vlm.lab.questions import KINDS, exchange
from vlm.lab.scenes import Scene
from vlm.lab.scores.ranks import first_right
from vlm.lab.searches import of_scenes
from vlm.protocol import Turn
from vlm.search.calibration import ReferenceSet

BATCH = 25
SHORT_SIDE_PX = 480
JPEG_QUALITY = 88
FOLLOW_UP = "count after turns"
FEW = 3  # things from which on a relation is no coin's toss
CUTS = (1, 10)

Row = dict[str, Part]  # what one scene adds to each score
Tell = Callable[[int], object]  # told of each batch that is done


def steps() -> int:
    """How often each scene is looked at or talked about; `tell` hears of every time."""
    return len(KINDS) + 3


class Examination:
    """One engine and some scenes, each looked at once."""

    def __init__(self, engine: Engine, scenes: Sequence[Scene], glyphs: Glyphs, tell: Tell) -> None:
        self.scenes = scenes
        self._engine, self._tell = engine, tell
        self._encoded = self._look(glyphs)
        self.captions = self._say([Prompt() for _ in scenes])

    def caption_rows(self) -> list[Row]:
        """Scores of the captions."""
        pairs = zip(self.scenes, self.captions, strict=True)
        return [_named("caption", caption_parts(scene, said)) for scene, said in pairs]

    def answer_rows(self, kind: str, turns: int = 0) -> list[Row]:
        """Whether one question of this kind about each scene is answered rightly, after some earlier ones."""
        prompts, truths = [], []
        for number, scene in enumerate(self.scenes):
            rng = np.random.default_rng((number, KINDS.index(kind), turns))
            earlier = [exchange(scene, rng) for _ in range(turns)]
            asked = exchange(scene, rng, kind)
            counts = asked.kind == kind and (kind != "relation" or len(scene.things) >= FEW)
            said = tuple(Turn(question=e.question, answer=e.answer) for e in earlier)
            prompts.append(Prompt(question=asked.question, turns=said))
            truths.append(asked.answer if counts else None)
        name = FOLLOW_UP if turns else kind
        answers = self._say(prompts)
        return [
            {} if truth is None else {f"answer: {name}": answer_part(truth, said)}
            for truth, said in zip(truths, answers, strict=True)
        ]

    def search_rows(self) -> list[Row]:
        """Where the pictures come up for whole captions, and for queries as people type them."""
        if any(one.vectors is None for one in self._encoded):
            return [{} for _ in self.scenes]
        rng = np.random.default_rng(0)
        partial = [partial_query(scene, rng) for scene in self.scenes]
        by_caption = self._ranks("caption", [caption_query(scene) for scene in self.scenes])
        return [one | other for one, other in zip(by_caption, self._ranks("query", partial), strict=True)]

    def language_rows(self) -> list[Row]:
        """Captions in each other language, to it and from it: translated exactly, and as queries.

        Nothing where there is no translator.
        """
        if any(one.vectors is None for one in self._encoded):
            return [{} for _ in self.scenes]
        reference = Reference(read_words(), read_sentences())
        meanings = [caption_of(reference, scene) for scene in self.scenes]
        rows: list[Row] = [{} for _ in self.scenes]
        for code in FOREIGN:
            truths = [reference.say(meaning, code) for meaning in meanings]
            try:
                said = self._engine.translate([scene.caption for scene in self.scenes], "en", code)
                english = self._engine.translate(truths, code, "en")
            except (ModelNotFound, Unsupported):
                return [{} for _ in self.scenes]
            wanted = [caption_query(scene) for scene in self.scenes]
            queries = [replace(one, text=new.text) for one, new in zip(wanted, english, strict=True)]
            for row, truth, new in zip(rows, truths, said, strict=True):
                row[f"language: {code} caption exactly"] = share(new.text == truth)
            ranks = self._ranks(f"caption through {code}", queries)
            rows = [row | more for row, more in zip(rows, ranks, strict=True)]
        return rows

    def absent(self, reference_set: ReferenceSet | None, count: int) -> Absent | None:
        """How `count` queries are answered where their object is there, and where it is not."""
        if any(one.vectors is None for one in self._encoded):
            return None
        searches = of_scenes(self.scenes, count)
        material = Material(
            vectors=np.stack([one.vectors for one in self._encoded if one.vectors is not None]),
            texts=self.captions,
            queries=searches.texts,
            query_vectors=self._engine.embed_text(searches.texts),
            fits=searches.fits,
            related=searches.related,
        )
        return absent_test(material, reference_set)

    def _ranks(self, name: str, queries: Sequence[Query]) -> list[Row]:
        found = np.stack([one.vectors for one in self._encoded if one.vectors is not None])  # [N, Q, E]
        flat = found.astype(np.float32).reshape(-1, found.shape[2])  # [N * Q, E]
        asked = self._engine.embed_text([query.text for query in queries])  # [S, E]
        near = [(flat @ vector).reshape(len(found), -1).max(axis=1) for vector in asked]
        ranks = first_right(np.stack(near), matches(list(self.scenes), list(queries)))  # [S]
        return [{f"search: {name} R@{k}": share(rank <= k) for k in CUTS} for rank in ranks]

    def _look(self, glyphs: Glyphs) -> list[Encoded]:
        shown = photographs(self.scenes, glyphs)
        encoded: list[Encoded] = []
        while some := list(islice(shown, BATCH)):
            encoded += self._engine.encode(some)
            self._tell(len(some))
        return encoded

    def _say(self, prompts: Sequence[Prompt]) -> list[str]:
        texts: list[str] = []
        for start in range(0, len(prompts), BATCH):
            some = slice(start, start + BATCH)
            texts += self._engine.generate([one.tokens for one in self._encoded[some]], prompts[some])
            self._tell(len(prompts[some]))
        return texts


def photographs(scenes: Sequence[Scene], glyphs: Glyphs) -> Iterator[Image.Image]:
    """The scenes as photographs that were sent as JPEG."""
    for scene in scenes:
        width_px, height_px = (round(SHORT_SIDE_PX * extent) for extent in scene.extent)
        buffer = io.BytesIO()
        draw(scene, glyphs, width_px, height_px).save(buffer, "JPEG", quality=JPEG_QUALITY)
        yield Image.open(buffer).convert("RGB")


def _named(group: str, parts: dict[str, Part]) -> Row:
    return {f"{group}: {name}": part for name, part in parts.items()}
