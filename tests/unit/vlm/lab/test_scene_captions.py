"""Five people say the same of a picture, each in other words."""

from vlm.lab import metrics
from vlm.lab.gallery import composed
from vlm.lab.scene_captions import paraphrases
from vlm.lab.scenes import UNNAMED, held_out_series, scene

SCENES = [scene(held_out_series(5), index) for index in range(400)]
PICNIC = composed(
    "green", "solid", 1.0, [("cat", 0.3, 0.3, 0.2, 0), ("cat", 0.7, 0.3, 0.2, 0), ("pizza", 0.5, 0.7, 0.2, 0)]
)


def test_there_are_five_different_captions_and_the_first_is_the_scenes_own() -> None:
    for drawn in SCENES:
        captions = paraphrases(drawn)
        assert captions[0] == drawn.caption
        assert len(set(captions)) == len(captions) == 5, captions


def test_every_wording_is_true() -> None:
    for drawn in SCENES:
        for caption in paraphrases(drawn):
            assert metrics.parse_caption(caption).counts == drawn.counts, caption
            assert (UNNAMED.split()[-1] in caption) == bool(drawn.unknown), caption
            if drawn.colour:
                assert drawn.colour in caption.split(), caption


def test_verbs_agree_with_what_comes_first() -> None:
    said = [caption for drawn in SCENES for caption in paraphrases(drawn) if caption.startswith("there ")]
    assert any(caption.startswith("there are two ") for caption in said)
    for caption in said:
        _, verb, first, *_ = caption.split()
        assert (verb == "are") == (first in ("two", "three", "four", "five")), caption


def test_a_scene_is_always_said_in_the_same_words() -> None:
    assert paraphrases(PICNIC) == paraphrases(PICNIC)
    assert paraphrases(PICNIC)[0] == "two cats and a pizza on a green background"
