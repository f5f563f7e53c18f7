"""Karpathy's splits of Flickr8k, Flickr30k and COCO: dataset_*.json, on which most papers report.

    {"images": [{"filename", "filepath" (COCO: val2014), "split", "sentences": [{"raw"}], "cocoid"}]}

The split restval, the rest of COCO's validation pictures, counts as train, as in the papers.
"""

from pathlib import Path

import msgspec

from vlm.errors import BadRequest, NotFound
from vlm.lab.datasets.files import clean_captions, first_folder, path_inside, read_json
from vlm.lab.datasets.records import CaptionedImage
from vlm.lab.datasets.splits import SPLITS

PATTERNS = ("dataset_*.json", "*/dataset_*.json")
IMAGE_FOLDERS = (
    "flickr30k-images",
    "flickr30k_images",
    "Flicker8k_Dataset",
    "Flickr8k_Dataset",
    "Images",
    "images",
)


class KarpathySentence(msgspec.Struct, frozen=True):
    raw: str


class KarpathyImage(msgspec.Struct, frozen=True):
    filename: str
    split: str
    sentences: tuple[KarpathySentence, ...]
    filepath: str = ""
    cocoid: int | None = None


class KarpathyFile(msgspec.Struct, frozen=True):
    images: tuple[KarpathyImage, ...]


def has_karpathy(folder: Path) -> bool:
    return bool(_files(folder))


def karpathy_captions(folder: Path) -> list[CaptionedImage]:
    """All pictures of the one file. Raises BadRequest for several files or an unknown split."""
    files = _files(folder)
    if not files:
        raise NotFound(f"{folder} lacks dataset_coco.json, dataset_flickr30k.json or dataset_flickr8k.json.")
    if len(files) > 1:
        names = ", ".join(file.name for file in files)
        raise BadRequest(f"{folder} holds {names}; please leave the one whose pictures are there.")
    images = first_folder(folder, IMAGE_FOLDERS)
    return [_example(picture, images, files[0]) for picture in read_json(files[0], KarpathyFile).images]


def _files(folder: Path) -> list[Path]:
    return [file for pattern in PATTERNS for file in sorted(folder.glob(pattern))]


def _example(picture: KarpathyImage, images: Path, file: Path) -> CaptionedImage:
    split = "train" if picture.split == "restval" else picture.split
    if split not in SPLITS:
        raise BadRequest(f"{file.name}: {picture.filename} is in the split {split!r}, which I do not know.")
    name = f"{picture.filepath}/{picture.filename}" if picture.filepath else picture.filename
    return CaptionedImage(
        id=name if picture.cocoid is None else str(picture.cocoid),
        image=path_inside(images, name),
        captions=clean_captions(sentence.raw for sentence in picture.sentences),
        split=split,
    )
