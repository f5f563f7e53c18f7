"""What people search for, and which pictures it fits."""

import numpy as np

from vlm.lab.scene_queries import SceneQuery, caption_query, matches, partial_query
from vlm.lab.scenes import UNNAMED, scene

SCENES = [scene(21, index) for index in range(200)]


def test_a_query_fits_the_picture_that_it_was_made_for() -> None:
    rng = np.random.default_rng(0)
    queries = [partial_query(drawn, rng) for drawn in SCENES]
    assert matches(SCENES, queries).diagonal().all()


def test_a_caption_fits_only_pictures_with_the_same_caption() -> None:
    fits = matches(SCENES, [caption_query(drawn) for drawn in SCENES])
    captions = np.array([drawn.caption for drawn in SCENES])
    assert (fits == (captions[:, None] == captions[None, :])).all()


def test_a_picture_without_a_name_is_found_by_what_else_it_has() -> None:
    rng = np.random.default_rng(0)
    for drawn in SCENES:
        if not drawn.counts:
            text = partial_query(drawn, rng).text
            assert text.endswith(f"{drawn.colour} background") if drawn.colour else text == UNNAMED


def test_a_query_without_a_number_fits_any_number() -> None:
    drawn = next(drawn for drawn in SCENES if max(drawn.counts.values(), default=0) == 3)
    noun = next(noun for noun, count in drawn.counts.items() if count == 3)
    assert SceneQuery("", ((noun, 0),), None).fits(drawn)
    assert SceneQuery("", ((noun, 3),), drawn.colour).fits(drawn)
    assert not SceneQuery("", ((noun, 2),), None).fits(drawn)
    assert not SceneQuery("", ((noun, 0),), "no colour").fits(drawn)
