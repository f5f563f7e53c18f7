"""The bundled pictures: twelve samples for the demo, and the picture of the self-check.

Composed by hand and drawn by the same compositor as everything that the model learned from.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from vlm.lab.drawing import draw
from vlm.lab.glyphs import Glyphs
from vlm.lab.scenes import Look, Scene, Thing
from vlm.lab.vocabulary import COLOURS, NOUNS

SHORT_SIDE_PX = 480
QUALITY = 90
Placed = tuple[str, float, float, float, float]  # noun, x, y, size, degrees; minus before the noun: mirrored

SAMPLES: dict[str, tuple[str, str, float, tuple[Placed, ...]]] = {
    "picnic": (
        "green",
        "cloth",
        4 / 3,
        (("cat", 0.32, 0.66, 0.42, 0), ("-cat", 1.02, 0.68, 0.4, 0), ("pizza", 0.67, 0.27, 0.32, -12)),
    ),
    "harbour": ("blue", "linear", 4 / 3, (("ship", 0.42, 0.58, 0.56, 0), ("ship", 1.05, 0.3, 0.26, 0))),
    "farm": ("yellow", "radial", 4 / 3, (("tractor", 0.4, 0.62, 0.5, 0), ("cow", 1.02, 0.66, 0.4, 0))),
    "pond": (
        "green",
        "linear",
        1.0,
        (("duck", 0.27, 0.36, 0.38, 0), ("-duck", 0.73, 0.38, 0.33, 0), ("frog", 0.48, 0.72, 0.35, 0)),
    ),
    "breakfast": (
        "red",
        "dots",
        1.0,
        (
            ("egg", 0.26, 0.31, 0.38, -15),
            ("egg", 0.67, 0.25, 0.4, 18),
            ("banana", 0.55, 0.7, 0.38, 0),
        ),
    ),
    "launch": (
        "black",
        "radial",
        3 / 4,
        (
            ("rocket", 0.5, 0.5, 0.58, 0),
            ("star", 0.2, 1.12, 0.22, 8),
            ("star", 0.8, 1.08, 0.18, -10),
            ("star", 0.18, 0.2, 0.2, 20),
        ),
    ),
    "band": ("purple", "linear", 4 / 3, (("guitar", 0.42, 0.49, 0.58, 0), ("violin", 0.97, 0.51, 0.48, -20))),
    "garden": (
        "pink",
        "cloth",
        4 / 3,
        (
            ("sunflower", 0.26, 0.49, 0.41, 0),
            ("rose", 0.69, 0.5, 0.4, 0),
            ("butterfly", 1.13, 0.34, 0.27, 12),
        ),
    ),
    "street": (
        "gray",
        "linear",
        4 / 3,
        (("bus", 0.36, 0.36, 0.44, 0), ("truck", 0.98, 0.4, 0.36, 0), ("bicycle", 0.66, 0.76, 0.38, 0)),
    ),
    "ice": (
        "white",
        "cloth",
        1.0,
        (("penguin", 0.26, 0.52, 0.38, 0), ("penguin", 0.64, 0.36, 0.3, 0), ("penguin", 0.76, 0.74, 0.26, 0)),
    ),
    "desk": (
        "orange",
        "linear",
        4 / 3,
        (("laptop", 0.45, 0.56, 0.54, 0), ("clock", 1.02, 0.36, 0.34, -8), ("key", 1.04, 0.76, 0.22, 0)),
    ),
    "party": (
        "blue",
        "radial",
        1.0,
        (
            ("balloon", 0.24, 0.4, 0.36, -8),
            ("balloon", 0.52, 0.28, 0.34, 0),
            ("balloon", 0.78, 0.42, 0.34, 10),
            ("dog", 0.52, 0.76, 0.34, 0),
        ),
    ),
}
CHECK = ("yellow", "solid", 1.0, (("elephant", 0.5, 0.5, 0.55, 0.0),))


def composed(colour: str, kind: str, aspect: float, placed: Iterable[Placed]) -> Scene:
    """A scene composed by hand, in a calm light."""
    shades = COLOURS[colour]
    look = Look(
        kind=kind,
        shade=shades[0],
        second_shade=shades[-1],
        texture=16,
        texture_scale=9,
        direction_deg=70,
        shadow=0.25,
        light=0.0,
        exposure=1.0,
        blur_px=0.0,
        noise=0.0,
        jpeg_quality=0,
        seed=7,
    )
    return Scene(tuple(_thing(*each) for each in placed), colour, aspect, look)


def _thing(name: str, x: float, y: float, size: float, angle_deg: float) -> Thing:
    noun = next(i for i, kind in enumerate(NOUNS) if kind.name == name.removeprefix("-"))
    return Thing(noun, NOUNS[noun].glyphs[0], x, y, size, angle_deg, name.startswith("-"))


def save_gallery(out: Path) -> None:
    """Write check.jpg, samples/*.jpg and samples/samples.json, with the true caption of each."""
    folder = out / "samples"
    folder.mkdir(parents=True, exist_ok=True)
    glyphs = Glyphs()
    truths = []
    for name, spec in SAMPLES.items():
        scene = composed(*spec)
        _save(scene, glyphs, folder / f"{name}.jpg")
        truths.append({"file": f"{name}.jpg", "caption": scene.caption})
    (folder / "samples.json").write_text(json.dumps(truths, indent=1) + "\n")
    _save(composed(*CHECK), glyphs, out / "check.jpg")


def _save(scene: Scene, glyphs: Glyphs, path: Path) -> None:
    width_px, height_px = (round(SHORT_SIDE_PX * extent) for extent in scene.extent)
    draw(scene, glyphs, width_px, height_px).save(path, "JPEG", quality=QUALITY)
