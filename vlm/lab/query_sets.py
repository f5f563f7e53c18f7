"""Search queries as people type them, with the ground truth: about drawn scenes, or from captions. Pure.

    S queries, N pictures

A query's object is its first noun, or its rarest word. A picture is related to a query if it shows the object
at all; without the related pictures the object is absent.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vlm.lab.scene_queries import SceneQuery, partial_query
from vlm.lab.scenes import Scene
from vlm.search.stemming import terms

COMMON = 0.2  # share of pictures: more common words are no queries

Truth = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class QuerySet:
    """Texts [S], which pictures fit them [S, N], and which show their object [S, N]."""

    texts: list[str]
    fits: Truth
    related: Truth


def scene_query_set(scenes: Sequence[Scene], count: int, seed: int = 0) -> QuerySet:
    """`count` queries about the scenes: nouns, numbers, two nouns, colours. The truth is exact."""
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(scenes), count, replace=count > len(scenes))
    queries = [partial_query(scenes[place], rng) for place in chosen]
    fits = np.array([[query.fits(scene) for scene in scenes] for query in queries], dtype=bool)
    related = np.array([[_shows_object(scene, query) for scene in scenes] for query in queries], dtype=bool)
    return QuerySet([query.text for query in queries], fits, fits | related)


def caption_query_set(captions: Sequence[Sequence[str]], count: int, seed: int = 0) -> QuerySet:
    """`count` queries of one or two neighbouring words of the pictures' captions.

    A picture matches if one of its captions has all of the words. Captions do not mention everything, so
    the count of false hits is too high.
    """
    rng = np.random.default_rng(seed)
    image_terms = [[terms(caption) for caption in image_captions] for image_captions in captions]
    image_counts = Counter(word for image_captions in image_terms for word in set().union(*image_captions))
    max_images = max(1, int(COMMON * len(captions)))
    queries_by_terms: dict[frozenset[str], str] = {}
    for place in rng.permutation(len(captions)):
        if image_terms[place] and (query := _query(image_terms[place][0], image_counts, max_images, rng)):
            queries_by_terms.setdefault(frozenset(terms(query)), query)
        if len(queries_by_terms) == count:
            break
    fits = [
        [any(query_terms <= caption.keys() for caption in image_captions) for image_captions in image_terms]
        for query_terms in queries_by_terms
    ]
    objects = [
        min(query_terms, key=lambda word: (image_counts[word], word)) for query_terms in queries_by_terms
    ]
    related = [
        [any(word in caption for caption in image_captions) for image_captions in image_terms]
        for word in objects
    ]
    shape = (len(queries_by_terms), len(captions))
    return QuerySet(
        [*queries_by_terms.values()],
        np.array(fits, bool).reshape(shape),
        np.array(related, bool).reshape(shape),
    )


def _shows_object(scene: Scene, query: SceneQuery) -> bool:
    if query.wanted:
        return query.wanted[0][0] in scene.counts
    return scene.unknown > 0 if query.strange else scene.colour == query.colour


def _query(
    image_terms: dict[str, str], image_counts: Counter[str], max_images: int, rng: np.random.Generator
) -> str:
    """One word of a caption, or two neighbours, one of which is rare enough; '' if there is none."""
    words = list(image_terms.items())
    rare = [place for place, (word, _) in enumerate(words) if image_counts[word] <= max_images]
    if not rare:
        return ""
    place = int(rng.choice(rare))
    before = words[place - 1][1] + " " if place and rng.random() < 0.4 else ""
    return before + words[place][1]
