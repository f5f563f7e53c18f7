"""The compositor."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.paths import ROOT

from vlm.errors import NotFound
from vlm.lab.drawing import draw
from vlm.lab.gallery import composed, save_gallery
from vlm.lab.glyphs import GlyphFolder, GlyphFont, Glyphs, find_font, training_glyphs
from vlm.lab.scenes import VARIANTS, scene
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
        if drawn.colour is None:
            continue
        corner = np.asarray(draw(drawn, GLYPHS, 64, 64), dtype=float).reshape(-1, 3)
        typical = np.median(corner, axis=0)
        away = {name: np.abs(typical - shades).sum(axis=1).min() for name, shades in COLOURS.items()}
        assert away[drawn.colour] < 150


def test_clutter_covers_the_picture_in_many_colours() -> None:
    bare = [s for s in (scene(13, index) for index in range(300)) if s.colour is None and not s.things]
    for drawn in bare:
        pixels = np.asarray(draw(drawn, GLYPHS, 96, 64), dtype=float)
        assert pixels.shape == (64, 96, 3)
        assert pixels.std(axis=(0, 1)).max() > 5


def test_another_look_is_still_the_same_shape_in_other_colours() -> None:
    plain = np.asarray(GLYPHS.at_least("🐕", 60), dtype=float)
    for variant in range(1, VARIANTS):
        other = np.asarray(GLYPHS.at_least("🐕", 60, 0.0, variant), dtype=float)
        assert other.shape == plain.shape
        assert np.abs(other - plain).mean() > 1
        both = (other[..., 3] > 128) & (plain[..., 3] > 128)
        assert both.sum() > 0.6 * (plain[..., 3] > 128).sum()


def test_a_second_artist_draws_a_share_of_the_things(tmp_path: Path) -> None:
    for name, colour in (("1f415", "red"), ("2708-fe0f", "blue")):
        Image.new("RGBA", (64, 64), colour).save(tmp_path / f"{name}.png")
    glyphs = Glyphs((GlyphFont(), GlyphFolder(tmp_path)))
    hands = {glyphs.at_least("🐕", 40, artist).getpixel((20, 20)) for artist in (0.5, 0.99)}
    assert hands == {(255, 0, 0, 255)}
    assert glyphs.at_least("✈", 40, 0.9).getpixel((20, 20)) == (0, 0, 255, 255)
    assert glyphs.at_least("🐕", 40, 0.1).getpixel((20, 20)) != (255, 0, 0, 255)
    assert glyphs.at_least("🐈", 40, 0.9).tobytes() == GLYPHS.at_least("🐈", 40).tobytes()  # he has no cat


def test_an_empty_folder_of_glyphs_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no PNG files"):
        GlyphFolder(tmp_path)
    with pytest.raises(NotFound, match="no folders of glyphs"):
        training_glyphs(tmp_path)


def test_a_machine_without_the_font_is_told_which_package_it_needs(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="fonts-noto-color-emoji"):
        find_font(tmp_path / "NotoColorEmoji.ttf")


def test_the_gallery_that_ships_is_the_one_that_is_drawn(tmp_path: Path) -> None:
    save_gallery(tmp_path)
    shipped = ROOT / "vlm" / "assets" / "samples"
    assert (tmp_path / "samples" / "samples.json").read_text() == (shipped / "samples.json").read_text()
    drawn = {path.name for path in (tmp_path / "samples").iterdir()}
    assert drawn == {path.name for path in shipped.iterdir()}
    assert len(drawn) == 13
