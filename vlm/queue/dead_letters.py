"""Dead letters: jobs that were given up, kept to be inspected, replayed or dropped.

Their pictures were deleted when they were given up. A replayed job works from the photo's query tokens; where
those have expired, the bot fetches the picture again.
"""

from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace
from redis.asyncio import Redis

from vlm import keys
from vlm.errors import ProtocolError
from vlm.protocol import Ask, Envelope, Find, Job, decode_envelope, decode_job, encode
from vlm.queue.streams import EFFECTS

REPLAY: Final = (
    EFFECTS
    + """
-- KEYS dead, stream, job state, load; ARGV letter, job, stream's name, chat, the state's TTL s
if redis.call('XDEL', KEYS[1], ARGV[1]) == 0 then return 'gone' end
local state = redis.call('GET', KEYS[3])
if state and state ~= 'done' then return 'open' end -- it was submitted again meanwhile
local entry = redis.call('XADD', KEYS[2], '*', 'job', ARGV[2])
redis.call('SET', KEYS[3], ARGV[3] .. ' ' .. entry, 'EX', ARGV[5])
redis.call('HINCRBY', KEYS[4], ARGV[4], 1)
return 'replayed'
"""
)


class DeadLetter(Struct, frozen=True, kw_only=True):
    """One dead letter. `job` is None where this version cannot read it, `sender` where no version could.

    id      the entry's in the stream: what `vlm dead` shows
    at_ms   when it was given up
    code    why: an error's (`vlm.errors`)
    times   how often it was tried
    """

    id: str
    at_ms: int
    code: str
    times: int
    sender: Envelope | None = None
    job: Job | None = None

    @property
    def task(self) -> str:
        """caption, ask, find; '' where that cannot be read."""
        return type(self.job.task).__name__.lower() if self.job else ""

    @property
    def content(self) -> str:
        """What was asked or searched for: a person's own words."""
        match self.job:
            case Job(task=Ask(question=text)) | Job(task=Find(query=text)):
                return text
        return ""


class DeadLetterQueue:
    """The dead letters of one queue."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._replay = redis.register_script(REPLAY)

    async def all(self) -> list[DeadLetter]:
        """The oldest first."""
        rows: Any = await self._redis.xrange(keys.DEAD_LETTERS())
        return [_letter(id.decode(), fields) for id, fields in rows]

    async def replay(self, letter: DeadLetter, now_ms: int) -> bool:
        """Submit its job again, as of `now_ms`, and delete the dead letter. Called twice, it is done once.

        False if the dead letter is gone already, or its sender has submitted the job again.
        Raises:  ProtocolError for a job that this version cannot read.
        """
        if letter.job is None:
            raise ProtocolError(f"{letter.id} cannot be read by this version, so it cannot be tried again.")
        job = replace(letter.job, created_ms=now_ms, deadline_ms=0)  # an admin waits for it now
        verdict = await self._replay(
            keys=[
                keys.DEAD_LETTERS(),
                keys.JOB_STREAMS[job.priority],
                keys.JOB_STATE(job=job.id),
                keys.OPEN_JOBS_BY_CHAT(),
            ],
            args=[letter.id, encode(job), job.priority, job.chat, keys.JOB_STATE_TTL_S],
        )
        return bool(verdict == b"replayed")

    async def drop(self, letter: DeadLetter) -> bool:
        """Delete it. False if it is gone already."""
        return bool(await self._redis.xdel(keys.DEAD_LETTERS(), letter.id))


def _letter(id: str, fields: dict[bytes, bytes]) -> DeadLetter:
    data = fields.get(b"job", b"")
    sender, job = None, None
    try:
        sender = decode_envelope(data)
        job = decode_job(data)
    except ProtocolError:
        pass
    code, times = fields.get(b"code", b"").decode(), int(fields.get(b"times", 0))
    return DeadLetter(id=id, at_ms=int(id.split("-")[0]), code=code, times=times, sender=sender, job=job)
