"""Flickr8k: the original text files, and the CSV of Kaggle.

    Flickr8k.token.txt            IMAGE#NUMBER <tab> CAPTION
    Flickr_8k.trainImages.txt     names of pictures, one a line; dev is val; test
    captions.txt                  image,caption; captions with commas are quoted

The CSV has no splits: the original split files serve where they lie beside it, else its pictures are divided
80/10/10 by name. Not handled: captions that go on in the next line.
"""

import csv
import logging
import re
from collections.abc import Iterator
from pathlib import Path

from vlm.errors import BadRequest, NotFound
from vlm.lab.datasets.files import SUFFIXES, clean_captions, find_file, first_folder, path_inside, read_text
from vlm.lab.datasets.records import CaptionedImage
from vlm.lab.datasets.splits import split_by_name

TOKENS = "Flickr8k.token.txt"
CSV = "captions.txt"
SPLIT_FILES = {
    "train": "Flickr_8k.trainImages.txt",
    "val": "Flickr_8k.devImages.txt",
    "test": "Flickr_8k.testImages.txt",
}
IMAGE_FOLDERS = ("Flicker8k_Dataset", "Flickr8k_Dataset", "Images", "images")
_STRAY = re.compile(r"(?<=\.jpg)\.\d+$")  # one picture is called ...jpg.1 in the published file
log = logging.getLogger(__name__)


def has_tokens(folder: Path) -> bool:
    return find_file(folder, TOKENS) is not None


def has_csv(folder: Path) -> bool:
    return find_file(folder, CSV) is not None


def token_captions(folder: Path) -> list[CaptionedImage]:
    """The pictures of the three splits; the few that are in none are left out, as by everybody."""
    missing = [name for name in (TOKENS, *SPLIT_FILES.values()) if find_file(folder, name) is None]
    if missing:
        raise NotFound(f"{folder} lacks {', '.join(missing)}; all four come in Flickr8k_text.zip.")
    captions_by_name = _group_by_name(_tokens(folder))
    return _examples(folder, captions_by_name, _split_files(folder))


def csv_captions(folder: Path) -> list[CaptionedImage]:
    """All pictures of captions.txt."""
    captions_by_name = _group_by_name(_rows(folder))
    splits = _split_files(folder)
    if not splits:
        log.warning("%s has no split files: its pictures are divided 80/10/10 by name", folder)
        splits = split_by_name(captions_by_name)
    return _examples(folder, captions_by_name, splits)


def _tokens(folder: Path) -> Iterator[tuple[str, str]]:
    for number, line in _numbered_lines(folder, TOKENS):
        key, tab, caption = line.partition("\t")
        name, mark, _ = key.rpartition("#")
        if not (tab and mark):
            raise BadRequest(f"{TOKENS}:{number} is not IMAGE#NUMBER, a tab and a caption.")
        yield _STRAY.sub("", name.strip()), caption


def _rows(folder: Path) -> Iterator[tuple[str, str]]:
    for number, line in _numbered_lines(folder, CSV):
        name, *rest = next(csv.reader([line]))  # line by line: a quote that never ends spoils one caption
        if number == 1 and name.strip().lower() == "image":
            continue
        if not rest or not name.strip().lower().endswith(SUFFIXES):
            raise BadRequest(f"{CSV}:{number} is not image,caption; please correct the line.")
        yield name.strip(), ",".join(rest)  # commas that should have been quoted


def _numbered_lines(folder: Path, name: str) -> Iterator[tuple[int, str]]:
    path = find_file(folder, name)
    lines = read_text(path).split("\n") if path else []
    yield from ((number, line) for number, line in enumerate(lines, 1) if line.strip())


def _group_by_name(pairs: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    captions_by_name: dict[str, list[str]] = {}
    for name, caption in pairs:
        captions_by_name.setdefault(name, []).append(caption)
    return captions_by_name


def _split_files(folder: Path) -> dict[str, str]:
    """The split of each picture, as far as there are split files. Raises BadRequest for one in two."""
    splits: dict[str, str] = {}
    for split, name in SPLIT_FILES.items():
        for _, line in _numbered_lines(folder, name):
            picture = line.strip()
            if splits.setdefault(picture, split) != split:
                raise BadRequest(
                    f"{picture} is in the splits {splits[picture]} and {split}; please keep it in one."
                )
    return splits


def _examples(
    folder: Path, captions_by_name: dict[str, list[str]], splits: dict[str, str]
) -> list[CaptionedImage]:
    images = first_folder(folder, IMAGE_FOLDERS)
    return [
        CaptionedImage(
            id=name, image=path_inside(images, name), captions=clean_captions(captions), split=splits[name]
        )
        for name, captions in captions_by_name.items()
        if name in splits
    ]
