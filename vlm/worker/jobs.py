"""What the jobs of one batch come to: searches and texts, in the engine's thread."""

from collections.abc import Sequence
from typing import NamedTuple

from vlm.engine.base import Encoded, Engine
from vlm.errors import AfterimageError
from vlm.protocol import Answered, Find, Found, Job
from vlm.search.calibration import Background
from vlm.search.index import Album
from vlm.search.searches import Search, look_up
from vlm.worker.batch import Opener, Sight, open_here
from vlm.worker.telling import tell


class End(NamedTuple):
    """What became of one job, and what its picture was encoded to."""

    outcome: Answered | Found | AfterimageError
    encoded: Encoded | None = None


def work_on(
    engine: Engine,
    jobs: Sequence[Job],
    seen: Sequence[Sight | Album],
    background: Background | None,
    open_pictures: Opener = open_here,
) -> list[End]:
    """What each job comes to, in order. Raises what `engine.check` raises, if the engine became unfit."""
    found = iter(look_up(engine, _searches(jobs, seen), background))
    spoken = [(job, one) for job, one in zip(jobs, seen, strict=True) if not isinstance(one, Album)]
    told = iter(tell(engine, [job for job, _ in spoken], [one for _, one in spoken], open_pictures))
    return [End(next(found)) if isinstance(one, Album) else End(*next(told)) for one in seen]


def _searches(jobs: Sequence[Job], seen: Sequence[Sight | Album]) -> list[Search]:
    return [
        Search(job.task, job.language, one)
        for job, one in zip(jobs, seen, strict=True)
        if isinstance(job.task, Find) and isinstance(one, Album)
    ]
