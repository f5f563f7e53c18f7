"""The compositor: renders a Scene at any width and height. H height, W width, in pixels.

A picture drawn at another aspect than the scene's own is the scene squashed, exactly as the image processor
squashes an oblong photo; so training draws straight at the model's input size.
"""

import io
from math import cos, radians, sin

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from vlm.lab.clutter import clutter
from vlm.lab.glyphs import Glyphs
from vlm.lab.scenes import CLUTTER, Look, Scene, Thing

Pixels = NDArray[np.float32]


def draw(scene: Scene, glyphs: Glyphs, width_px: int, height_px: int) -> Image.Image:
    """The picture of a scene, RGB, [H, W, 3]. The same scene gives the same pixels."""
    rng = np.random.default_rng(scene.look.seed)
    canvas = _background(scene.look, rng, width_px, height_px)  # [H, W, 3]
    if scene.look.shadow:
        for thing in scene.things:
            _paste(canvas, scene, thing, glyphs, shadow=scene.look.shadow)
    for thing in scene.things:
        _paste(canvas, scene, thing, glyphs)
    _camera(canvas, scene.look, rng)
    return _develop(canvas, scene.look)


def _paste(canvas: Pixels, scene: Scene, thing: Thing, glyphs: Glyphs, shadow: float = 0.0) -> None:
    """Blend one glyph (or its soft shadow) into the window of the canvas that it touches."""
    height_px, width_px = canvas.shape[:2]
    scale_x, scale_y = width_px / scene.extent[0], height_px / scene.extent[1]
    offset = 0.06 * thing.size if shadow else 0.0
    x, y = thing.x + offset, thing.y + offset
    reach = thing.size * 0.72  # half of a rotated square's diagonal
    left, right = max(0, int((x - reach) * scale_x)), min(width_px, int((x + reach) * scale_x) + 2)
    top, bottom = max(0, int((y - reach) * scale_y)), min(height_px, int((y + reach) * scale_y) + 2)
    wanted_px = thing.size * max(scale_x, scale_y)
    source = glyphs.at_least(thing.glyph, wanted_px / 4 if shadow else wanted_px, thing.artist, thing.variant)
    corner = (left - x * scale_x, top - y * scale_y)
    matrix = _to_glyph(thing, source.width, (scale_x, scale_y), corner)
    window = source.transform(
        (right - left, bottom - top), Image.Transform.AFFINE, matrix, resample=Image.Resampling.BICUBIC
    )
    pasted = np.asarray(window, dtype=np.float32)  # [h, w, 4], premultiplied
    alpha = pasted[..., 3:] / 255
    view = canvas[top:bottom, left:right]
    if shadow:
        view *= 1 - shadow * alpha
    else:
        view *= 1 - alpha
        view += pasted[..., :3]


def _to_glyph(
    thing: Thing, side_px: int, scale: tuple[float, float], corner: tuple[float, float]
) -> tuple[float, ...]:
    """From a pixel of the window, by its place in the scene, turned, scaled, mirrored, to one of the glyph.

    `scale` is pixels a unit across and down, `corner` the window's corner in pixels from the thing's middle.
    """
    per_unit = side_px / thing.size
    cosine, sine = cos(radians(thing.angle_deg)) * per_unit, sin(radians(thing.angle_deg)) * per_unit
    flip = -1 if thing.mirrored else 1
    a, b = flip * cosine / scale[0], flip * sine / scale[1]
    d, e = -sine / scale[0], cosine / scale[1]
    u, v = corner
    return (a, b, a * u + b * v + side_px / 2, d, e, d * u + e * v + side_px / 2)


def _background(look: Look, rng: np.random.Generator, width_px: int, height_px: int) -> Pixels:
    shade = np.asarray(look.shade, dtype=np.float32)
    if look.kind == "solid":
        return np.tile(shade, (height_px, width_px, 1))
    if look.kind == CLUTTER:
        return clutter(rng, (look.shade, look.second_shade), width_px, height_px)
    pattern: Pixels
    across = _ramp(look.direction_deg, width_px, height_px)
    match look.kind:
        case "linear" | "radial":
            mix = across if look.kind == "linear" else _rings(width_px, height_px)
            slope = np.asarray(look.second_shade, dtype=np.float32) - shade + np.float32(look.texture)
            return shade + slope * mix[..., None] - np.float32(look.texture / 2)
        case "cloth":
            pattern = _cloth(rng, look.texture_scale, width_px, height_px)
        case "stripes":
            pattern = np.sin(across * look.texture_scale * 2)
        case "checks":
            other = _ramp(look.direction_deg + 90, width_px, height_px)
            pattern = np.sign(np.sin(across * look.texture_scale) * np.sin(other * look.texture_scale))
        case _:
            other = _ramp(look.direction_deg + 90, width_px, height_px)
            waves = np.sin(across * look.texture_scale * 1.5) + np.sin(other * look.texture_scale * 1.5)
            pattern = (waves > 1.2).astype(np.float32) * 2 - 1
    return shade + (0.6 * look.texture * pattern)[..., None].astype(np.float32)


def _ramp(direction_deg: float, width_px: int, height_px: int) -> Pixels:
    """0 to 1 across the picture in one direction, [H, W]."""
    x = np.linspace(-0.5, 0.5, width_px, dtype=np.float32) * cos(radians(direction_deg))
    y = np.linspace(-0.5, 0.5, height_px, dtype=np.float32) * sin(radians(direction_deg))
    return np.asarray((y[:, None] + x[None, :]) / 1.42 + 0.5, dtype=np.float32)


def _rings(width_px: int, height_px: int) -> Pixels:
    """0 in the middle, about 1 in the corners, [H, W]."""
    x = np.linspace(-1, 1, width_px, dtype=np.float32)
    y = np.linspace(-1, 1, height_px, dtype=np.float32)
    return np.asarray(np.sqrt(y[:, None] ** 2 + x[None, :] ** 2) / 1.42, dtype=np.float32)


def _cloth(rng: np.random.Generator, scale: float, width_px: int, height_px: int) -> Pixels:
    """Smooth noise of a given grain, about -1 to 1, [H, W]."""
    cells = max(2, int(scale))
    coarse = Image.fromarray(rng.normal(0, 0.7, size=(cells, cells)).astype(np.float32))
    return np.asarray(coarse.resize((width_px, height_px), Image.Resampling.BICUBIC))


def _camera(canvas: Pixels, look: Look, rng: np.random.Generator) -> None:
    """Exposure, uneven light and sensor noise, in place."""
    height_px, width_px = canvas.shape[:2]
    canvas *= look.exposure
    if look.light:
        canvas *= (1 - look.light * _ramp(look.direction_deg + 40, width_px, height_px))[..., None]
    if look.noise:
        canvas += look.noise * rng.standard_normal(canvas.shape, dtype=np.float32)


def _develop(canvas: Pixels, look: Look) -> Image.Image:
    picture = Image.fromarray(np.clip(canvas, 0, 255).astype(np.uint8))
    if look.blur_px:
        picture = picture.filter(ImageFilter.GaussianBlur(look.blur_px * picture.height / 128))
    if not look.jpeg_quality:
        return picture
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=look.jpeg_quality)
    return Image.open(buffer).convert("RGB")
