"""The keys of the queue. All are in the slot of {afterimage}, so that scripts and transactions may span them.

    {afterimage}:jobs:interactive    stream, field `job`, as the next two: served first
    {afterimage}:jobs:busy           of chats with some open already: the room that a batch has left
    {afterimage}:jobs:bulk           one place in a batch, all of it while nobody waits
    {afterimage}:job:ID              'LANE ENTRY' while job ID is open, then 'done'; lives for a day
    {afterimage}:load                hash: chat -> its open jobs
    {afterimage}:results             stream, field `result`: for the bot's delivery
    {afterimage}:results:NAME        the same for one program that waits for its own results; expires
    {afterimage}:workers             set: the names of the workers, some of them dead
    {afterimage}:worker:NAME         the ModelInfo of a live worker, for as long as its heart beats
    {afterimage}:dead                stream: job, code, times delivered; the last thousand dead letters

A finished entry leaves its stream, so a stream's length is the number of open jobs. No stream of jobs or
results is ever trimmed, which would drop what is being worked on: when full, a job is refused at the door.
The keys of the chats are drawn in `vlm.memory`.
"""

from typing import Final, Literal

from vlm.protocol import RESULTS

SPACE: Final = "{afterimage}:"
JobStream = Literal["interactive", "busy", "bulk"]
JOB_STREAMS: Final[dict[JobStream, str]] = {
    "interactive": SPACE + "jobs:interactive",
    "busy": SPACE + "jobs:busy",
    "bulk": SPACE + "jobs:bulk",
}  # the first is served first
OPEN_JOBS_BY_CHAT: Final = SPACE + "load"
DEAD: Final = SPACE + "dead"
WORKER_NAMES: Final = SPACE + "workers"

WORKERS: Final = "workers"  # the consumer group of the jobs
DELIVERY: Final = "delivery"  # the consumer group of the results

MARK_TTL_S: Final = 24 * 3600
RESULTS_TTL_S: Final = 3600


def job_state_key(job: str) -> str:
    """Where it stands that a job was submitted, and whether it is done."""
    return f"{SPACE}job:{job}"


def results_key(name: str = RESULTS) -> str:
    """The stream for `Job.results`."""
    return SPACE + name


def worker_key(name: str) -> str:
    """Where a worker's heart beats."""
    return f"{SPACE}worker:{name}"
