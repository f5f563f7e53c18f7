"""COCO captions as published: captions_{train,val}{2014,2017}.json, and a folder of pictures for each.

{"images": [{"id", "file_name"}], "annotations": [{"image_id", "caption"}]}

There is no public test split. Where both years are there, the newer one with a folder of pictures is read.
"""

from pathlib import Path

import msgspec

from vlm.errors import NotFound
from vlm.lab.datasets.files import clean_captions, find_file, first_folder, path_inside, read_json
from vlm.lab.datasets.records import CaptionedImage

YEARS = (2017, 2014)
PUBLIC = ("train", "val")


class CocoImage(msgspec.Struct, frozen=True):
    id: int
    file_name: str


class CocoCaption(msgspec.Struct, frozen=True):
    image_id: int
    caption: str


class CocoFile(msgspec.Struct, frozen=True):
    images: tuple[CocoImage, ...]
    annotations: tuple[CocoCaption, ...]


def image_folder(folder: Path, part: str) -> Path:
    """Where the pictures of val2014 and the like are: that folder, or the one of that name in images."""
    return first_folder(folder, (part, f"images/{part}"), otherwise=folder / part)


def has_coco(folder: Path) -> bool:
    return any(_file(folder, split, year) for year in YEARS for split in PUBLIC)


def coco_captions(folder: Path) -> list[CaptionedImage]:
    """The pictures of train and val of one year."""
    years = [year for year in YEARS if any(_file(folder, split, year) for split in PUBLIC)]
    if not years:
        raise NotFound(f"{folder} lacks annotations/captions_val2014.json or one of its siblings.")
    drawn = (
        year for year in years if any(image_folder(folder, f"{split}{year}").is_dir() for split in PUBLIC)
    )
    year = next(drawn, years[0])
    return [
        example
        for split in PUBLIC
        if (file := _file(folder, split, year))
        for example in _examples(read_json(file, CocoFile), image_folder(folder, f"{split}{year}"), split)
    ]


def _file(folder: Path, split: str, year: int) -> Path | None:
    return find_file(folder, f"captions_{split}{year}.json")


def _examples(file: CocoFile, images: Path, split: str) -> list[CaptionedImage]:
    captions: dict[int, list[str]] = {}
    for annotation in file.annotations:
        captions.setdefault(annotation.image_id, []).append(annotation.caption)
    names = {image.id: image.file_name for image in reversed(file.images)}  # the first of two wins
    return [
        CaptionedImage(
            id=str(key),
            image=path_inside(images, name),
            captions=clean_captions(captions.get(key, ())),
            split=split,
        )
        for key, name in sorted(names.items())
    ]
