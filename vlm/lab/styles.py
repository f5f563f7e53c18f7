"""Restyle a glyph as another artist might have drawn it, for augmentation. Pure.

Hue, saturation, shading, outlines and shape change; the thing that is shown does not.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

# RGB to luminance and two colour axes, and back: hue is an angle there
TO_YIQ = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
FROM_YIQ = np.linalg.inv(TO_YIQ)
Pixels = NDArray[np.float64]
NODES = 4  # of the mesh that bends a glyph, a side


def restyle(glyph: Image.Image, rng: np.random.Generator) -> Image.Image:
    """RGBA in, RGBA of the same size out."""
    if rng.random() < 0.7:
        glyph = _bent(glyph, rng)
    pixels = np.asarray(glyph, dtype=np.float64) / 255  # [S, S, 4]
    rgb, alpha = pixels[..., :3], pixels[..., 3:]
    if rng.random() < 0.25:
        rgb = _flattened(rgb, rng)
    rgb = _recoloured(rgb, rng)
    if rng.random() < 0.35:
        rgb = _lit(rgb, rng)
    if rng.random() < 0.15:
        rgb = rgb * (1 - 0.8 * _edges(rgb))[..., None]
    painted = Image.fromarray((np.concatenate([rgb, alpha], axis=2).clip(0, 1) * 255).astype(np.uint8))
    if rng.random() < 0.3:
        painted = painted.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.4, 1.5))))
    return _outlined(painted, rng) if rng.random() < 0.3 else painted


def _bent(glyph: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The nodes of a coarse mesh move a little, and the whole is squeezed."""
    side = glyph.width
    nodes = np.linspace(0, side, NODES)
    grid = np.stack(np.meshgrid(nodes, nodes, indexing="ij"), axis=-1)  # [n, n, (y, x)]
    middle = side / 2
    moved = grid + rng.normal(0, 0.025 * side, size=grid.shape)
    moved = (moved - middle) * (1 + np.abs(rng.normal(0, 0.08, size=2))) + middle
    mesh = [_patch(nodes, moved, row, column) for row in range(NODES - 1) for column in range(NODES - 1)]
    # premultiplied, or what is clear would bleed its black into the rim
    bent = glyph.convert("RGBa").transform(glyph.size, Image.Transform.MESH, mesh, Image.Resampling.BILINEAR)
    return bent.convert("RGBA")


def _patch(nodes: Pixels, moved: Pixels, row: int, column: int) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """A box of the result and the corners that it shows, as Pillow's mesh wants them."""
    box = tuple(int(nodes[i]) for i in (column, row, column + 1, row + 1))
    corners = ((row, column), (row + 1, column), (row + 1, column + 1), (row, column + 1))
    return box, tuple(float(value) for corner in corners for value in moved[corner][::-1])


def _recoloured(rgb: Pixels, rng: np.random.Generator) -> Pixels:
    angle = rng.normal(0, 0.3) if rng.random() < 0.85 else rng.uniform(-np.pi, np.pi)
    colourful = rng.uniform(0.5, 1.5) if rng.random() < 0.9 else 0.1
    cosine, sine = np.cos(angle) * colourful, np.sin(angle) * colourful
    turn = np.array([[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]])
    contrast, light = rng.uniform(0.7, 1.3), rng.normal(0, 0.08)
    turned: Pixels = rgb @ (FROM_YIQ @ turn @ TO_YIQ).T
    return (turned - 0.5) * contrast + 0.5 + light


def _flattened(rgb: Pixels, rng: np.random.Generator) -> Pixels:
    levels = int(rng.integers(2, 6))
    flat: Pixels = np.round(rgb * levels) / levels
    return flat


def _lit(rgb: Pixels, rng: np.random.Generator) -> Pixels:
    """Brighter towards one side, as on a rendered solid."""
    angle = rng.uniform(0, 2 * np.pi)
    ramp = np.linspace(-1, 1, rgb.shape[0])
    slope: Pixels = np.cos(angle) * ramp[None, :] + np.sin(angle) * ramp[:, None]
    lit: Pixels = rgb * (1 + rng.uniform(0.1, 0.35) * slope)[..., None]
    return lit


def _edges(rgb: Pixels) -> Pixels:
    """Where the luminance jumps, 0 to 1, [S, S]."""
    down, across = np.gradient(rgb.mean(axis=2))
    edges: Pixels = np.clip(np.hypot(down, across) * 4, 0, 1)
    return edges


def _outlined(glyph: Image.Image, rng: np.random.Generator) -> Image.Image:
    """On a dark (or white) rim, as of a sticker or a comic."""
    rim = glyph.getchannel("A").filter(ImageFilter.MaxFilter(3 if rng.random() < 0.5 else 5))
    ink = 255 if rng.random() < 0.3 else int(rng.integers(0, 60))
    below = Image.merge("RGBA", (*(Image.new("L", glyph.size, ink) for _ in range(3)), rim))
    return Image.alpha_composite(below, glyph)
