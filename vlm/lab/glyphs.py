"""Colour emoji as picture pyramids that can be pasted at any size and rotation.

Sources, the first one being what scored pictures are drawn with:

    Debian's Noto Color Emoji font
    folders of PNGs named by code point (1f415.png, 2708-fe0f.png): the same emoji by other hands

A glyph of a source may also be drawn in other looks (`vlm.lab.styles`): one artist becomes many.
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from vlm.errors import NotFound
from vlm.lab.styles import restyle

FONT_NAME = "NotoColorEmoji.ttf"
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")
BITMAP_PX = 109  # the one size of which the font holds bitmaps
SIDE_PX = 136
LEVELS = (136, 96, 68, 48, 34, 24, 17, 12)
RESTYLED_PX = 68  # other looks are for training, at small sizes
FIRST_SHARE = 0.5  # of the things are drawn with the first source, where there are others

Pyramid = tuple[Image.Image, ...]


def find_font(path: Path | None = None) -> Path:
    """The emoji font: the given file, or the first one in the usual folders. Raises NotFound."""
    if path is not None:
        if path.is_file():
            return path
        raise _missing(str(path))
    for folder in FONT_FOLDERS:
        for path in sorted(Path(folder).expanduser().rglob(FONT_NAME)):
            return path
    raise _missing(", ".join(FONT_FOLDERS))


def _missing(place: str) -> NotFound:
    return NotFound(
        f"There is no {FONT_NAME} in {place}. The pictures are drawn with it: install Debian's package "
        "fonts-noto-color-emoji (apt install fonts-noto-color-emoji)."
    )


class GlyphFont:
    """Glyphs of the emoji font."""

    def __init__(self, path: Path | None = None) -> None:
        self._font = ImageFont.truetype(str(find_font(path)), BITMAP_PX)

    def has(self, glyph: str) -> bool:
        return True

    def draw(self, glyph: str) -> Image.Image:
        sheet = Image.new("RGBA", (2 * SIDE_PX, 2 * SIDE_PX))
        ImageDraw.Draw(sheet).text((20, 20), glyph, font=self._font, embedded_color=True)
        return sheet


class GlyphFolder:
    """Glyphs from PNG files."""

    def __init__(self, path: Path) -> None:
        self._files = {_code(file.stem): file for file in sorted(path.glob("*.png"))}
        if not self._files:
            raise NotFound(
                f"There are no PNG files in {path}. They are named by code point: 1f415.png is a dog."
            )

    def has(self, glyph: str) -> bool:
        return f"{ord(glyph):x}" in self._files

    def draw(self, glyph: str) -> Image.Image:
        with Image.open(self._files[f"{ord(glyph):x}"]) as picture:
            return picture.convert("RGBA")


def _code(stem: str) -> str:
    return stem.lower().removesuffix("-fe0f").lstrip("0")


class Glyphs:
    """Emoji by character, each as a pyramid of premultiplied pictures, drawn once and kept.

    `sources` come first to last; without any, the font alone. Raises NotFound where there is none.
    """

    def __init__(self, sources: "tuple[GlyphFont | GlyphFolder, ...]" = ()) -> None:
        self._sources = sources or (GlyphFont(),)
        self._pyramids: dict[tuple[str, int, int], Pyramid] = {}

    def has(self, glyph: str) -> bool:
        return any(source.has(glyph) for source in self._sources)

    def at_least(self, glyph: str, side_px: float, artist: float = 0.0, variant: int = 0) -> Image.Image:
        """The smallest level that is no smaller than asked, or the largest one. Mode RGBa, square.

        `artist`, 0 to 1, chooses among the sources that have the glyph; `variant` 0 leaves it as it is.
        """
        levels = self._pyramid(glyph, self._source(glyph, artist), variant)
        return next((level for level in reversed(levels) if level.width >= side_px), levels[0])

    def _source(self, glyph: str, artist: float) -> int:
        able = [i for i, source in enumerate(self._sources) if source.has(glyph)]
        if artist < FIRST_SHARE or len(able) == 1:
            return able[0]
        others = able[1:]
        return others[min(len(others) - 1, int((artist - FIRST_SHARE) / (1 - FIRST_SHARE) * len(others)))]

    def _pyramid(self, glyph: str, source: int, variant: int) -> Pyramid:
        key = glyph, source, variant
        if key not in self._pyramids:
            full = _centred(self._sources[source].draw(glyph))
            if variant:
                full = full.resize((RESTYLED_PX, RESTYLED_PX), Image.Resampling.BICUBIC)
                full = restyle(full, np.random.default_rng((ord(glyph), source, variant)))
            sizes = [px for px in LEVELS if not variant or px <= RESTYLED_PX]
            premultiplied = full.convert("RGBa")
            self._pyramids[key] = tuple(
                premultiplied.resize((px, px), Image.Resampling.BICUBIC) for px in sizes
            )
        return self._pyramids[key]


def _centred(drawn: Image.Image) -> Image.Image:
    """Cropped to what is drawn and centred in a square with a thin clear rim."""
    drawn = drawn.crop(drawn.getbbox())
    side = max(drawn.size) + 4
    square = Image.new("RGBA", (side, side))
    square.paste(drawn, ((side - drawn.width) // 2, (side - drawn.height) // 2))
    return square


def training_glyphs(folder: Path | None) -> Glyphs:
    """The font, and every set of glyphs in a subfolder of `folder`."""
    return Glyphs((GlyphFont(), *map(GlyphFolder, glyph_folders(folder))))


def glyph_folders(folder: Path | None) -> list[Path]:
    """The sets of glyphs in a folder. Raises NotFound if there is none in it."""
    if folder is None:
        return []
    sets = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    if not sets:
        raise NotFound(f"There are no folders of glyphs in {folder}. `scripts/glyph-sets` fetches some.")
    return sets
