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
from vlm.lab.datasets.example import Example
from vlm.lab.datasets.files import SUFFIXES, first_folder, inside, located, text_of, tidy
from vlm.lab.datasets.splits import divided

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
    return located(folder, TOKENS) is not None


def has_csv(folder: Path) -> bool:
    return located(folder, CSV) is not None


def token_captions(folder: Path) -> list[Example]:
    """The pictures of the three splits; the few that are in none are left out, as by everybody."""
    missing = [name for name in (TOKENS, *SPLIT_FILES.values()) if located(folder, name) is None]
    if missing:
        raise NotFound(f"{folder} lacks {', '.join(missing)}; all four come in Flickr8k_text.zip.")
    said = _gathered(_tokens(folder))
    return _examples(folder, said, _split_files(folder))


def csv_captions(folder: Path) -> list[Example]:
    """All pictures of captions.txt."""
    said = _gathered(_rows(folder))
    splits = _split_files(folder)
    if not splits:
        log.warning("%s has no split files: its pictures are divided 80/10/10 by name", folder)
        splits = divided(said)
    return _examples(folder, said, splits)


def _tokens(folder: Path) -> Iterator[tuple[str, str]]:
    for number, line in _numbered(folder, TOKENS):
        key, tab, caption = line.partition("\t")
        name, mark, _ = key.rpartition("#")
        if not (tab and mark):
            raise BadRequest(f"{TOKENS}:{number} is not IMAGE#NUMBER, a tab and a caption.")
        yield _STRAY.sub("", name.strip()), caption


def _rows(folder: Path) -> Iterator[tuple[str, str]]:
    for number, line in _numbered(folder, CSV):
        name, *rest = next(csv.reader([line]))  # line by line: a quote that never ends spoils one caption
        if number == 1 and name.strip().lower() == "image":
            continue
        if not rest or not name.strip().lower().endswith(SUFFIXES):
            raise BadRequest(f"{CSV}:{number} is not image,caption; please correct the line.")
        yield name.strip(), ",".join(rest)  # commas that should have been quoted


def _numbered(folder: Path, name: str) -> Iterator[tuple[int, str]]:
    path = located(folder, name)
    lines = text_of(path).split("\n") if path else []
    yield from ((number, line) for number, line in enumerate(lines, 1) if line.strip())


def _gathered(pairs: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    said: dict[str, list[str]] = {}
    for name, caption in pairs:
        said.setdefault(name, []).append(caption)
    return said


def _split_files(folder: Path) -> dict[str, str]:
    """The split of each picture, as far as there are split files. Raises BadRequest for one in two."""
    splits: dict[str, str] = {}
    for split, name in SPLIT_FILES.items():
        for _, line in _numbered(folder, name):
            picture = line.strip()
            if splits.setdefault(picture, split) != split:
                raise BadRequest(
                    f"{picture} is in the splits {splits[picture]} and {split}; please keep it in one."
                )
    return splits


def _examples(folder: Path, said: dict[str, list[str]], splits: dict[str, str]) -> list[Example]:
    images = first_folder(folder, IMAGE_FOLDERS)
    return [
        Example(id=name, image=inside(images, name), captions=tidy(captions), split=splits[name])
        for name, captions in said.items()
        if name in splits
    ]
