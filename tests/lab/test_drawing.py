"""The compositor."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vlm.errors import NotFound
from vlm.lab.drawing import draw
from vlm.lab.gallery import composed, save_gallery
from vlm.lab.glyphs import Glyphs, find_font
from vlm.lab.scenes import scene
from vlm.lab.vocabulary import COLOURS, NOUNS

GLYPHS = Glyphs()


def test_the_same_scene_gives_the_same_pixels() -> None:
    for index in range(10):
        first, again = (draw(scene(3, index), GLYPHS, 128, 128) for _ in range(2))
        assert np.array_equal(first, again)


def test_a_picture_has_the_size_that_was_asked_for() -> None:
    assert draw(scene(3, 0), GLYPHS, 640, 480).size == (640, 480)


@pytest.mark.parametrize("kind", NOUNS, ids=lambda kind: kind.name)
def test_every_thing_can_be_seen(kind: object) -> None:
    assert isinstance(kind, type(NOUNS[0]))
    bare = np.asarray(draw(composed("gray", "solid", 1.0, ()), GLYPHS, 64, 64), dtype=int)
    shown = composed("gray", "solid", 1.0, ((kind.name, 0.5, 0.5, 0.6, 0.0),))
    changed = np.abs(np.asarray(draw(shown, GLYPHS, 64, 64), dtype=int) - bare).sum(axis=2) > 60
    assert 0.03 < changed.mean() < 0.5
    assert not changed[:6].any()  # the rim stays bare


def test_every_glyph_is_in_the_font() -> None:
    missing = np.asarray(GLYPHS.at_least("\U000e1234", 136))
    for kind in NOUNS:
        for glyph in kind.glyphs:
            assert not np.array_equal(np.asarray(GLYPHS.at_least(glyph, 136)), missing), (kind.name, glyph)


def test_a_squashed_picture_is_the_photo_squashed() -> None:
    """Training draws at the model's size what the processor would make of an oblong photo."""
    things = (("cat", 0.4, 0.5, 0.5, 20.0), ("-pizza", 1.0, 0.6, 0.4, 0.0))
    oblong = composed("green", "linear", 4 / 3, things)
    squashed = draw(oblong, GLYPHS, 128, 128)
    photo = draw(oblong, GLYPHS, 640, 480).resize((128, 128), Image.Resampling.BICUBIC)
    away = np.abs(np.asarray(squashed, dtype=int) - np.asarray(photo, dtype=int))
    assert away.mean() < 3


def test_a_background_has_the_colour_of_its_name() -> None:
    for index in range(60):
        drawn = scene(13, index)
        corner = np.asarray(draw(drawn, GLYPHS, 64, 64), dtype=float).reshape(-1, 3)
        typical = np.median(corner, axis=0)
        away = {name: np.abs(typical - shades).sum(axis=1).min() for name, shades in COLOURS.items()}
        assert away[drawn.colour] < 150


def test_a_machine_without_the_font_is_told_which_package_it_needs(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="fonts-noto-color-emoji"):
        find_font(tmp_path / "NotoColorEmoji.ttf")


def test_the_gallery_that_ships_is_the_one_that_is_drawn(tmp_path: Path) -> None:
    save_gallery(tmp_path)
    shipped = Path(__file__).parents[2] / "vlm" / "assets" / "samples"
    assert (tmp_path / "samples" / "samples.json").read_text() == (shipped / "samples.json").read_text()
    drawn = {path.name for path in (tmp_path / "samples").iterdir()}
    assert drawn == {path.name for path in shipped.iterdir()}
    assert len(drawn) == 13
