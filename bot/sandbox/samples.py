"""The pictures that the page offers: a folder of JPEGs, with their captions in `samples.json` if it has one.

samples.json   [{"file": "cat.jpg", "caption": "a cat on a red background"}, ...]
"""

import json
from pathlib import Path

from bot.sandbox.args import ApiError, Json, bad_request

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


def list_samples(folder: Path | None) -> list[Json]:
    """`file`, `caption` and `url` of each, in the folder's order."""
    if folder is None or not folder.is_dir():
        return []
    return [{**sample, "url": f"/sandbox/sample/{sample['file']}"} for sample in _read(folder)]


def _read(folder: Path) -> list[Json]:
    listed = folder / "samples.json"
    if listed.exists():
        samples = json.loads(listed.read_text("utf-8"))
        return [{"file": sample["file"], "caption": sample.get("caption", "")} for sample in samples]
    names = sorted(path.name for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    return [{"file": name, "caption": ""} for name in names]


def sample_path(folder: Path | None, file: str) -> Path:
    """The file of a sample. Raises ApiError: 400 without a name, 404 for an unknown name."""
    if not file:
        raise bad_request("file is empty")
    if folder is None or file not in {sample["file"] for sample in list_samples(folder)}:
        raise ApiError(404, f"Not Found: no sample {file}")
    return folder / file
