"""Write drawn pictures to a folder, as a data set in a published layout.

Train has scenes that training may see; val and test have held-out scenes. An interrupted run continues; a
folder that holds anything else is never touched.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from tqdm import tqdm

from vlm.errors import BadRequest
from vlm.lab.dataset_layouts import DrawnImage, describe_files, image_path
from vlm.lab.datasets.splits import held_out_count
from vlm.lab.drawing import draw
from vlm.lab.glyphs import Glyphs
from vlm.lab.scenes import held_out_series, scene, training_series

SHORT_SIDE_PX = 320
QUALITY = 90
FEWEST, MOST = 10, 100_000  # pictures
VAL_FROM = MOST  # index of val's first scene in the held-out series, after all of test's
MARK = "scenes.json"  # says what the folder is being filled with


def write_scenes(out: Path, *, count: int, layout: str, seed: int = 0) -> dict[str, int]:
    """Fill the folder `out` with `count` pictures and their captions; how many are in each split.

    The same arguments give the same files. Raises BadRequest for a folder that holds something else, NotFound
    where the emoji font is missing.
    """
    if not FEWEST <= count <= MOST:
        raise BadRequest(f"I can draw {FEWEST} to {MOST:,} pictures, not {count:,}.")
    pictures = [*plan_images(count, seed)]
    files = describe_files(pictures, layout)
    glyphs = Glyphs()
    _claim(out, {"count": count, "layout": layout, "seed": seed})
    _draw(out, pictures, layout, glyphs)
    for name, text in files.items():
        _put(out / name, text.encode())
    return {split: sum(picture.split == split for picture in pictures) for split in ("train", "val", "test")}


def plan_images(count: int, seed: int) -> Iterator[DrawnImage]:
    """The pictures of a data set: train, then val, then test, 80/10/10."""
    each = held_out_count(count)
    for place in range(count):
        if place < count - 2 * each:
            split, drawn = "train", scene(training_series(seed), place)
        elif place < count - each:
            split, drawn = "val", scene(held_out_series(seed), VAL_FROM + place - (count - 2 * each))
        else:
            split, drawn = "test", scene(held_out_series(seed), place - (count - each))
        width_px, height_px = (round(SHORT_SIDE_PX * extent) for extent in drawn.extent)
        yield DrawnImage(place + 1, split, drawn, (width_px, height_px))


def _claim(out: Path, contents: dict[str, int | str]) -> None:
    """Mark the folder as ours. Raises BadRequest where it holds something else, or other pictures."""
    mark = json.dumps(contents) + "\n"
    if out.exists() and not out.is_dir():
        raise BadRequest(f"{out} is a file; please name a folder that does not exist yet.")
    if out.is_dir() and any(out.iterdir()) and _mark_of(out) != mark:
        raise BadRequest(
            f"{out} holds something else already; please name a new folder, or to go on with one that was"
            " interrupted, give the same count, layout and seed."
        )
    _put(out / MARK, mark.encode())


def _mark_of(out: Path) -> str:
    return (out / MARK).read_text() if (out / MARK).is_file() else ""


def _draw(out: Path, pictures: Sequence[DrawnImage], layout: str, glyphs: Glyphs) -> None:
    for picture in tqdm(pictures, desc="drawing", unit=" pictures", disable=None):
        path = out / image_path(picture, layout)
        if path.is_file():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        started = path.with_suffix(".part")
        draw(picture.scene, glyphs, *picture.size_px).save(started, "JPEG", quality=QUALITY)
        started.replace(path)  # whole or not at all: an interrupted picture is drawn again


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    started = path.with_name(path.name + ".part")
    started.write_bytes(content)
    started.replace(path)
