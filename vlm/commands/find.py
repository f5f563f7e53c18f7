"""`vlm find`: the pictures of a folder that match a query, or none."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from vlm.commands.find_output import FindReport, write_json, write_text
from vlm.commands.models import ECHO, load_engine, reference_set_of
from vlm.commands.output import remark
from vlm.engine.base import Engine, Prompt
from vlm.errors import AfterimageError, NotFound
from vlm.queue.client import clean_query
from vlm.search.calibration import ReferenceSet
from vlm.search.folder_cache import (
    FolderIndex,
    PictureVectors,
    pictures_of,
    read_index,
    refresh,
    write_index,
)
from vlm.search.index import IndexedPhoto, SearchIndex, SearchQuery
from vlm.search.ranking import find
from vlm.settings import DEFAULT_MODEL, Settings
from vlm.worker.decoder_pool import PATIENT_TIMEOUT_S, Decoder, DecoderPool
from vlm.worker.pipeline import answer_prompts

SAVE_EVERY: Final = 256  # pictures: a run that is killed loses no more
UNCALIBRATED: Final = (
    "This model has no calibrated cut-off for searches, so a rule of thumb decides."
    " `vlm evaluate retrieval --fit`, with this --model and captioned pictures as --data, makes one."
)


def find_in(folder: Path, text: str, *, limit: int, as_json: bool, settings: Settings) -> int:
    """Search the pictures below `folder`. The exit status: 1 if one of them cannot be read.

    Raises:  BadRequest for a query without words, NotFound for a folder without pictures, Unsupported for a
             model that cannot search; and as `vlm.engine.load.load` does.
    """
    text, paths = clean_query(text), _paths(folder)
    engine = load_engine(settings)
    if engine.info.knows:
        remark(
            f"{engine.info.knows} (This is {engine.info.name}; for the full model: --model {DEFAULT_MODEL})"
        )
    [vector] = engine.embed_text([text])  # before the pictures: a model that cannot search fails at once
    reference_set = _reference_set(settings, engine)
    with DecoderPool(timeout_s=PATIENT_TIMEOUT_S) as decoders:
        index = index_folder(folder, paths, engine, decoders.open, batch=settings.batch)
    ranked = find(search_index(index), SearchQuery(text=text, vector=vector), reference_set, limit=limit)
    report = FindReport(
        folder=folder,
        query=text,
        ranked=ranked,
        index=index,
        model=engine.info.name,
        calibrated=reference_set is not None,
    )
    write_json(report) if as_json else write_text(report)
    return 1 if report.failed else 0


def index_folder(
    folder: Path, paths: Sequence[str], engine: Engine, decode: Decoder, *, batch: int
) -> FolderIndex:
    """The folder's index as of now. It is stored for the next search, even after an interruption."""
    from tqdm import tqdm

    def describe(pictures: Sequence[bytes]) -> list[tuple[str | AfterimageError, PictureVectors | None]]:
        outcomes = answer_prompts(engine, pictures, [Prompt()] * len(pictures), decode)
        return [(outcome.text, outcome.encoded.vectors if outcome.encoded else None) for outcome in outcomes]

    revision = engine.info.revision
    known, index = read_index(folder, revision), FolderIndex()
    unsaved = 0
    with (
        _stored(folder, revision, known, index),
        tqdm(total=len(paths), unit=" pictures", leave=False, disable=None) as bar,  # only on a terminal
    ):
        for part in refresh(folder, paths, known, describe, batch=batch):
            unsaved = unsaved + len(part) if index else 0  # the first part was stored already
            index |= part
            bar.update(len(part))
            if unsaved >= SAVE_EVERY:
                write_index(folder, revision, known | index)
                unsaved = 0
    return index


@contextmanager
def _stored(folder: Path, revision: str, known: FolderIndex, index: FolderIndex) -> Iterator[None]:
    """Store the index at the end if it has changed. After an interruption, unvisited files stay in it."""
    try:
        yield
    except BaseException:
        write_index(folder, revision, known | index)
        raise
    if {path: picture.record for path, picture in known.items()} == {
        path: picture.record for path, picture in index.items()
    }:
        return
    stored = write_index(folder, revision, index)
    if stored is None:
        remark(f"The index cannot be stored in {folder} or in a cache: each search reads all pictures again.")
    elif stored.parent != folder:
        remark(f"{folder} may not be written to; the index is stored in {stored}.")


def _paths(folder: Path) -> list[str]:
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}; please check its name.")
    if paths := pictures_of(folder):
        return paths
    raise NotFound(f"There are no pictures in {folder}: JPEG, PNG, WebP, GIF and HEIC are looked for.")


def _reference_set(settings: Settings, engine: Engine) -> ReferenceSet | None:
    reference_set = reference_set_of(settings, engine)
    if reference_set is None and settings.model != ECHO:
        remark(UNCALIBRATED)
    return reference_set


def search_index(index: FolderIndex) -> SearchIndex:
    """The readable pictures of a folder, ready to be searched."""
    photos = [
        IndexedPhoto(
            id=path,
            vectors=picture.vectors,
            text=picture.record.caption,
            digest=picture.record.sha256,
            timestamp=picture.record.stamp.mtime_ns,
        )
        for path, picture in index.items()
        if not picture.record.error
    ]
    return SearchIndex(photos)
