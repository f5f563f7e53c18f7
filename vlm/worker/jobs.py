"""What the jobs of one batch come to: searches and texts, in the engine's thread."""

from collections.abc import Sequence
from typing import NamedTuple

from vlm.engine.base import Encoded, Engine
from vlm.errors import AfterimageError
from vlm.protocol import Answered, Find, Found, Job
from vlm.search.calibration import ReferenceSet
from vlm.search.index import SearchIndex
from vlm.search.searches import Search, run_searches
from vlm.worker.batch import Decoder, ImageInput, open_here
from vlm.worker.telling import tell


class End(NamedTuple):
    """What became of one job, and what its picture was encoded to."""

    outcome: Answered | Found | AfterimageError
    encoded: Encoded | None = None


def work_on(
    engine: Engine,
    jobs: Sequence[Job],
    seen: Sequence[ImageInput | SearchIndex],
    reference_set: ReferenceSet | None,
    open_pictures: Decoder = open_here,
) -> list[End]:
    """What each job comes to, in order. Raises what `engine.check` raises, if the engine became unfit."""
    found = iter(run_searches(engine, _searches(jobs, seen), reference_set))
    spoken = [(job, one) for job, one in zip(jobs, seen, strict=True) if not isinstance(one, SearchIndex)]
    told = iter(tell(engine, [job for job, _ in spoken], [one for _, one in spoken], open_pictures))
    return [End(next(found)) if isinstance(one, SearchIndex) else End(*next(told)) for one in seen]


def _searches(jobs: Sequence[Job], seen: Sequence[ImageInput | SearchIndex]) -> list[Search]:
    return [
        Search(job.task, job.language, one)
        for job, one in zip(jobs, seen, strict=True)
        if isinstance(job.task, Find) and isinstance(one, SearchIndex)
    ]
