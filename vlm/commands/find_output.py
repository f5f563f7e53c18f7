"""What `vlm find` prints.

--json   one object: {"query", "hits", "total", "nearest", "failed", "pictures", "model", "calibrated"};
         a hit is {"path", "score", "caption", "why": {"words", "similarity", "spread"}, "copies"}
else     PATH: caption (score and reasons); remarks go to standard error
"""

import json
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from vlm.commands.output import put, remark
from vlm.search.folder_cache import FolderIndex
from vlm.search.ranking import RankedPhoto, RankedPhotos

MAX_NAMED: Final = 5  # broken pictures that are named one by one


class FindReport(Struct, frozen=True, kw_only=True):
    """A finished search: folder, query, result and model."""

    folder: Path
    query: str
    ranked: RankedPhotos
    index: FolderIndex
    model: str
    calibrated: bool

    @property
    def failed(self) -> dict[str, str]:
        """Why some pictures could not be searched, by path."""
        return {path: picture.record.message for path, picture in self.index.items() if picture.record.error}


def write_text(report: FindReport) -> None:
    """For people."""
    folder, ranked, index = report.folder, report.ranked, report.index
    for hit in ranked.hits:
        put(f"{folder / hit.id}: {index[hit.id].record.caption} ({why(hit)})")
    if more := ranked.total - len(ranked.hits):
        remark(f"{more:,} more; --limit {ranked.total} shows all.")
    if not ranked.hits:
        remark("Nothing like that.")
    if ranked.nearest is not None:
        remark(f"The nearest is {folder / ranked.nearest.id}: {index[ranked.nearest.id].record.caption}")
    failed = report.failed
    for path in list(failed)[:MAX_NAMED]:
        remark(f"{folder / path}: {failed[path]}")
    if len(failed) > MAX_NAMED:
        remark(f"{len(failed) - MAX_NAMED:,} more pictures cannot be read; --json names them all.")


def write_json(report: FindReport) -> None:
    """For scripts."""
    put(json.dumps(as_record(report)))


def why(hit: RankedPhoto) -> str:
    """'97 %: two, cats; picture 61 % alike; 2 more like it'"""
    parts = [f"{hit.score:.0%}" + (f": {', '.join(hit.words)}" if hit.words else "")]
    parts.append(f"picture {max(0.0, hit.similarity):.0%} alike")
    if hit.copies:
        parts.append(f"{len(hit.copies)} more like it")
    return "; ".join(parts).replace("%", " %")


def as_record(report: FindReport) -> dict[str, Any]:
    """The JSON object."""
    ranked, index = report.ranked, report.index
    return {
        "query": report.query,
        "hits": [_hit(report, hit) for hit in ranked.hits],
        "total": ranked.total,
        "nearest": None if ranked.nearest is None else _hit(report, ranked.nearest),
        "failed": [
            {"path": str(report.folder / path), "error": index[path].record.error, "message": message}
            for path, message in report.failed.items()
        ],
        "pictures": len(index) - len(report.failed),
        "model": report.model,
        "calibrated": report.calibrated,
    }


def _hit(report: FindReport, hit: RankedPhoto) -> dict[str, Any]:
    reasons = {
        "words": list(hit.words),
        "similarity": round(hit.similarity, 4),
        "spread": round(hit.z_score, 2),
    }
    return {
        "path": str(report.folder / hit.id),
        "score": round(hit.score, 4),
        "caption": report.index[hit.id].record.caption,
        "why": reasons,
        "copies": [str(report.folder / other) for other in hit.copies],
    }
