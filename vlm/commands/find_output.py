"""What `vlm find` prints.

--json   one object: {"query", "hits", "total", "nearest", "failed", "pictures", "model", "calibrated"};
         a hit is {"path", "score", "caption", "why": {"words", "similarity", "spread"}, "copies"}
else     PATH: caption (how sure, and why); 'nothing', and what else is to be said, goes to standard error
"""

import json
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from vlm.commands.output import put, remark
from vlm.search.folder_cache import Index
from vlm.search.ranking import Found, Hit

NAMED: Final = 5  # broken pictures that are named one by one


class Findings(Struct, frozen=True, kw_only=True):
    """A search that is done: of which folder, for what, by which model."""

    folder: Path
    query: str
    found: Found
    index: Index
    model: str
    calibrated: bool

    @property
    def failed(self) -> dict[str, str]:
        """Why some pictures could not be searched, by path."""
        return {path: each.seen.message for path, each in self.index.items() if each.seen.error}


def tell(findings: Findings) -> None:
    """For people."""
    folder, found, index = findings.folder, findings.found, findings.index
    for hit in found.hits:
        put(f"{folder / hit.id}: {index[hit.id].seen.caption} ({why(hit)})")
    if more := found.total - len(found.hits):
        remark(f"{more:,} more; --limit {found.total} shows all.")
    if not found.hits:
        remark("Nothing like that.")
    if found.nearest is not None:
        remark(f"The nearest is {folder / found.nearest.id}: {index[found.nearest.id].seen.caption}")
    failed = findings.failed
    for path in list(failed)[:NAMED]:
        remark(f"{folder / path}: {failed[path]}")
    if len(failed) > NAMED:
        remark(f"{len(failed) - NAMED:,} more pictures cannot be read; --json names them all.")


def write_json(findings: Findings) -> None:
    """For scripts."""
    put(json.dumps(as_record(findings)))


def why(hit: Hit) -> str:
    """'97 %: two, cats; picture 61 % alike; 2 more like it'"""
    parts = [f"{hit.score:.0%}" + (f": {', '.join(hit.words)}" if hit.words else "")]
    parts.append(f"picture {max(0.0, hit.similarity):.0%} alike")
    if hit.others:
        parts.append(f"{len(hit.others)} more like it")
    return "; ".join(parts).replace("%", " %")


def as_record(findings: Findings) -> dict[str, Any]:
    """The JSON object."""
    found, index = findings.found, findings.index
    return {
        "query": findings.query,
        "hits": [_hit(findings, hit) for hit in found.hits],
        "total": found.total,
        "nearest": None if found.nearest is None else _hit(findings, found.nearest),
        "failed": [
            {"path": str(findings.folder / path), "error": index[path].seen.error, "message": message}
            for path, message in findings.failed.items()
        ],
        "pictures": len(index) - len(findings.failed),
        "model": findings.model,
        "calibrated": findings.calibrated,
    }


def _hit(findings: Findings, hit: Hit) -> dict[str, Any]:
    reasons = {
        "words": list(hit.words),
        "similarity": round(hit.similarity, 4),
        "spread": round(hit.spread, 2),
    }
    return {
        "path": str(findings.folder / hit.id),
        "score": round(hit.score, 4),
        "caption": findings.index[hit.id].seen.caption,
        "why": reasons,
        "copies": [str(findings.folder / other) for other in hit.others],
    }
