"""Backgrounds of random shapes with the statistics of photographs.

Dead leaves: shapes of all sizes, few large and many small, fall on one another until the ground is covered.
Grain of several sizes lies over them. Pure.

Source:  Lee, Mumford and Huang, Occlusion models for natural images, 2001;
         Baradad et al., Learning to see by looking at noise, 2021.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from vlm.lab.vocabulary import RGB

SMALLEST, LARGEST = 0.03, 0.6  # radius, of the shorter side
SHAPES = (20, 160)


def clutter(
    rng: np.random.Generator, shades: tuple[RGB, RGB], width_px: int, height_px: int
) -> NDArray[np.float32]:
    """[H, W, 3], 0 to 255, in colours between and around the given shades."""
    picture = Image.new("RGB", (width_px, height_px), shades[0])
    pen = ImageDraw.Draw(picture)
    palette = np.asarray(shades, dtype=float)
    side = min(width_px, height_px)
    spread = rng.uniform(10, 60)
    for radius in _radii(rng) * side:
        x, y = rng.uniform(0, width_px), rng.uniform(0, height_px)
        mixed = palette[0] + (palette[-1] - palette[0]) * rng.random() + rng.normal(0, spread, size=3)
        red, green, blue = (int(value) for value in mixed.clip(0, 255))
        _shape(pen, rng, x, y, radius, (red, green, blue))
    if rng.random() < 0.6:
        picture = picture.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.2, 3)) * side / 128))
    grain = _grain(rng, width_px, height_px) * rng.uniform(5, 45)
    return np.asarray(picture, dtype=np.float32) + grain[..., None].astype(np.float32)


def _radii(rng: np.random.Generator) -> NDArray[np.float64]:
    """Large first; the density falls with the cube of the radius."""
    uniform = rng.random(int(rng.integers(*SHAPES)))
    low, high = SMALLEST**-2, LARGEST**-2
    return np.sort((low + (high - low) * uniform) ** -0.5)[::-1] * rng.uniform(1, 2)


def _shape(
    pen: ImageDraw.ImageDraw,
    rng: np.random.Generator,
    x: float,
    y: float,
    radius: float,
    ink: RGB,
) -> None:
    if rng.random() < 0.4:
        flat = rng.uniform(0.4, 1)
        pen.ellipse((x - radius, y - radius * flat, x + radius, y + radius * flat), fill=ink)
        return
    corners = int(rng.integers(3, 8))
    angles = np.sort(rng.uniform(0, 2 * np.pi, size=corners))
    reach = radius * rng.uniform(0.6, 1.2, size=corners)
    pen.polygon(
        [(x + r * np.cos(a), y + r * np.sin(a)) for a, r in zip(angles, reach, strict=True)], fill=ink
    )


def _grain(rng: np.random.Generator, width_px: int, height_px: int) -> NDArray[np.float32]:
    """Noise of several sizes, the coarse the stronger, about -1 to 1, [H, W]."""
    total = np.zeros((height_px, width_px), dtype=np.float32)
    for cells in (3, 9, 27):
        coarse = Image.fromarray(rng.normal(0, 3 / cells**0.7, size=(cells, cells)).astype(np.float32))
        total += np.asarray(coarse.resize((width_px, height_px), Image.Resampling.BICUBIC))
    return total * np.float32(0.5)
