"""Colour emoji from Debian's Noto font, as picture pyramids that can be pasted at any size and rotation."""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from vlm.errors import NotFound

FONT_NAME = "NotoColorEmoji.ttf"
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")
BITMAP_PX = 109  # the one size of which the font holds bitmaps
SIDE_PX = 136
LEVELS = (136, 96, 68, 48, 34, 24, 17, 12)


def find_font(path: Path | None = None) -> Path:
    """The emoji font: the given file, or the first one in the usual folders. Raises NotFound."""
    if path is not None:
        if path.is_file():
            return path
        raise _missing(str(path))
    for folder in FONT_FOLDERS:
        for found in sorted(Path(folder).expanduser().rglob(FONT_NAME)):
            return found
    raise _missing(", ".join(FONT_FOLDERS))


def _missing(place: str) -> NotFound:
    return NotFound(
        f"There is no {FONT_NAME} in {place}. The pictures are drawn with it: install Debian's package "
        "fonts-noto-color-emoji (apt install fonts-noto-color-emoji)."
    )


class Glyphs:
    """Emoji by character, each as a pyramid of premultiplied pictures, drawn once and kept."""

    def __init__(self, font: Path | None = None) -> None:
        self._font = ImageFont.truetype(str(find_font(font)), BITMAP_PX)
        self._pyramids: dict[str, tuple[Image.Image, ...]] = {}

    def at_least(self, glyph: str, side_px: float) -> Image.Image:
        """The smallest level that is no smaller than asked, or the largest one. Mode RGBa, square."""
        levels = self._pyramid(glyph)
        return next((level for level in reversed(levels) if level.width >= side_px), levels[0])

    def _pyramid(self, glyph: str) -> tuple[Image.Image, ...]:
        if glyph not in self._pyramids:
            full = self._draw(glyph).convert("RGBa")
            self._pyramids[glyph] = tuple(full.resize((px, px), Image.Resampling.BICUBIC) for px in LEVELS)
        return self._pyramids[glyph]

    def _draw(self, glyph: str) -> Image.Image:
        """The glyph, cropped to what is drawn and centred in a square with a thin clear rim."""
        sheet = Image.new("RGBA", (2 * SIDE_PX, 2 * SIDE_PX))
        ImageDraw.Draw(sheet).text((20, 20), glyph, font=self._font, embedded_color=True)
        drawn = sheet.crop(sheet.getbbox())
        side = max(drawn.size) + 4
        square = Image.new("RGBA", (side, side))
        square.paste(drawn, ((side - drawn.width) // 2, (side - drawn.height) // 2))
        return square
