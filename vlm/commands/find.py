"""`vlm find`: the pictures of a folder that a query means, or none."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from vlm.commands.find_output import Findings, tell, write_json
from vlm.commands.models import ECHO, load_engine, reference_set_of
from vlm.commands.output import remark
from vlm.engine.base import Engine, Prompt
from vlm.errors import NotFound
from vlm.search.calibration import ReferenceSet
from vlm.search.folder_cache import Index, pictures_of, read_index, refresh, write_index
from vlm.search.ranking import Photo, Query, SearchIndex, find
from vlm.search.stemming import clean_query
from vlm.settings import DEFAULT_MODEL, Settings
from vlm.worker.batch import Words, run_batch

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
    [vector] = engine.embed_text([text])  # before the pictures: a model that cannot search says so at once
    reference_set = _background(settings, engine)
    index = look_at(folder, paths, engine, batch=settings.batch)
    findings = Findings(
        folder=folder,
        query=text,
        found=find(album(index), Query(text=text, vector=vector), reference_set, limit=limit),
        index=index,
        model=engine.info.name,
        calibrated=reference_set is not None,
    )
    write_json(findings) if as_json else tell(findings)
    return 1 if findings.failed else 0


def look_at(folder: Path, paths: Sequence[str], engine: Engine, *, batch: int) -> Index:
    """The folder's index as of now. It is kept for the next time, even when looking is interrupted."""
    from tqdm import tqdm

    def look(pictures: Sequence[bytes]) -> list[Words]:
        return run_batch(engine, pictures, [Prompt()] * len(pictures)) if pictures else []

    revision = engine.info.revision
    known, index = read_index(folder, revision), Index()
    unsaved = 0
    with (
        _kept(folder, revision, known, index),
        tqdm(total=len(paths), unit=" pictures", leave=False, disable=None) as bar,  # only on a terminal
    ):
        for some in refresh(folder, paths, known, look, batch=batch):
            unsaved = unsaved + len(some) if index else 0  # the first ones were known
            index |= some
            bar.update(len(some))
            if unsaved >= SAVE_EVERY:
                write_index(folder, revision, known | index)
                unsaved = 0
    return index


@contextmanager
def _kept(folder: Path, revision: str, known: Index, index: Index) -> Iterator[None]:
    """Write the index at the end, if it has changed; what an interrupted run did not reach stays in it."""
    try:
        yield
    except BaseException:
        write_index(folder, revision, known | index)
        raise
    if {path: each.seen for path, each in known.items()} == {path: each.seen for path, each in index.items()}:
        return
    place = write_index(folder, revision, index)
    if place is None:
        remark(f"What was seen can be kept neither in {folder} nor in a cache: each search looks anew.")
    elif place.parent != folder:
        remark(f"{folder} may not be written to; what was seen is kept in {place}.")


def _paths(folder: Path) -> list[str]:
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}; please check its name.")
    if paths := pictures_of(folder):
        return paths
    raise NotFound(f"There are no pictures in {folder}: JPEG, PNG, WebP, GIF and HEIC are looked for.")


def _background(settings: Settings, engine: Engine) -> ReferenceSet | None:
    reference_set = reference_set_of(settings, engine)
    if reference_set is None and settings.model != ECHO:
        remark(UNCALIBRATED)
    return reference_set


def album(index: Index) -> SearchIndex:
    """The pictures that could be read, ready to be searched."""
    photos = [
        Photo(
            id=path,
            vectors=each.vectors,
            text=each.seen.caption,
            digest=each.seen.sha256,
            at=each.seen.stamp.mtime_ns,
        )
        for path, each in index.items()
        if not each.seen.error
    ]
    return SearchIndex(photos)
