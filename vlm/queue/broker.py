"""A worker's consumer of jobs: take batches by priority, and finish each job exactly once.

    take ──► held ──finish──► result published, entry acknowledged and deleted, load lowered: atomically
              │ the worker dies; its lease ends
              └──► reclaim (alone) ──► finish
                        └─ delivered too often ──► dead letter and an apology

A worker that has lost a job to another (it slept past its lease) cannot finish it: one result, not two.
The keys are listed in `vlm.keys`.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from vlm import keys
from vlm.errors import AfterimageError, Poisoned, ProtocolError
from vlm.logs import log_context
from vlm.protocol import (
    RESULTS,
    Caption,
    Envelope,
    Job,
    ModelInfo,
    Refused,
    Result,
    decode_envelope,
    decode_job,
    encode,
)
from vlm.queue.connection import retry_while_unavailable
from vlm.queue.consumer import DELIVERIES, Consumer, UnsupportedVersion, raise_if_newer
from vlm.queue.streams import EFFECTS, Attempt, Entry, Group

log = logging.getLogger(__name__)

BLOCK_MS: Final = 250
RECLAIM_S: Final = 3.0  # how often to look for jobs of dead workers
MAX_DEAD_LETTERS: Final = 1000
SMALL_BATCHES: Final = 4  # of so many batches too small for reserved places, one begins with another stream

POISONED: Final = (
    "Sorry, I stumbled over this picture or question several times and gave up. The others are not affected;"
    " please try another picture, or ask in other words."
)
OTHER_VERSION: Final = "Sorry, I was being updated just as this arrived. Please send it again in a minute."

FINISH: Final = (
    EFFECTS
    + """
-- KEYS stream, job state, load, results, dead
-- ARGV group, consumer, entry, chat, the state's TTL s, result or '', results' TTL s or 0,
--      and for a dead letter its code (else ''), times delivered, how many dead letters are kept
local job = redis.call('XRANGE', KEYS[1], ARGV[3], ARGV[3])[1]
local pending = redis.pcall('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1, ARGV[2])
local mine = not pending.err and #pending == 1
-- No entry and no state: the server came back empty, and only this worker still knows that somebody waits.
local state = redis.call('GET', KEYS[2])
if not mine and (job or state) then return state == 'done' and 'done' or 'held' end
if ARGV[6] ~= '' then redis.call('XADD', KEYS[4], '*', 'result', ARGV[6]) end
if ARGV[7] ~= '0' then redis.call('EXPIRE', KEYS[4], ARGV[7]) end
if ARGV[8] ~= '' and job then
  local letter = {'job', job[2][2], 'code', ARGV[8], 'times', ARGV[9]}
  redis.call('XADD', KEYS[5], 'MAXLEN', '~', ARGV[10], '*', unpack(letter))
end
redis.call('SET', KEYS[2], 'done', 'EX', ARGV[5])
if redis.call('HINCRBY', KEYS[3], ARGV[4], -1) <= 0 then redis.call('HDEL', KEYS[3], ARGV[4]) end
if mine then redis.call('XACK', KEYS[1], ARGV[1], ARGV[3]) end
redis.call('XDEL', KEYS[1], ARGV[3])
return 'finished'
"""
)


class Delivery(NamedTuple):
    """A job that this worker holds, and how often it has been delivered, this time included."""

    entry: Entry
    job: Job
    times: int


class Broker(Consumer):
    """One worker's side of the queue.

    name         the worker's, unique among all that live
    lease_s      how long a job stays with a worker that does not renew it; the same for all workers
    deliveries   how often a job is tried before it is a dead letter
    """

    def __init__(self, redis: Redis, *, name: str, lease_s: float = 30, deliveries: int = DELIVERIES) -> None:
        streams = list(keys.JOB_STREAMS.values())
        group = Group(redis, streams, group=keys.WORKERS, consumer=name, lease_s=lease_s)
        super().__init__(group, deliveries=deliveries)
        self.name = name
        self._redis = redis
        self._finish_script = redis.register_script(FINISH)
        self._model: ModelInfo | None = None
        self._small_batches = 0
        self._reclaimed_s = 0.0

    async def open(self) -> None:
        """Join the consumer group, and remove workers that are gone for good."""
        await self._group.ensure()
        await self._group.sweep()
        await retry_while_unavailable(self._remove_dead_workers)

    async def leave(self) -> None:
        """Leave the consumer group. Other workers reclaim what is still held when its lease ends."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.unlink(keys.WORKER(name=self.name))
            pipe.srem(keys.WORKER_NAMES(), self.name)
            await pipe.execute()
        await self._group.leave()

    async def announce(self, model: ModelInfo) -> None:
        """Tell front ends, for one lease, that this worker lives, and its model. `run` repeats it."""
        self._model = model
        await retry_while_unavailable(self._announce, msgspec.msgpack.encode(model))

    async def run(
        self,
        stop: asyncio.Event,
        process: Callable[[list[Delivery]], Awaitable[None]],
        *,
        batch: int,
        block_ms: Callable[[], int] = lambda: BLOCK_MS,
    ) -> None:
        """Process batches until `stop`, with leases and heartbeat renewed meanwhile.

        process    works on a batch and finishes its jobs; is given an empty one when no job waits
        batch      the most jobs in one
        block_ms   how long to wait for the first job of the next batch, at most BLOCK_MS
        """

        async def hold(deliveries: list[Delivery]) -> None:
            self._held = {delivery.entry.id: delivery.entry for delivery in deliveries}
            try:
                await process(deliveries)
            finally:
                self._held = {}

        def take() -> Coroutine[Any, Any, list[Delivery]]:
            return self._take_batch(batch, block_ms())

        await self._consume(stop, take, hold, grace_s=2 * BLOCK_MS / 1000)

    async def take(self, batch: int, block_ms: int) -> list[Delivery]:
        """Up to `batch` new jobs; waits up to `block_ms` for the first, and never for company."""
        entries = await self._waiting(batch)
        if not entries:
            entries = await self._group.take(1, block_ms)
            if entries and len(entries) < batch:
                entries += await self._waiting(batch - len(entries))
        return [delivery for entry in entries if (delivery := await self._decode(Attempt(entry, 1)))]

    async def reclaim(self) -> Delivery | None:
        """One job whose worker is gone, to be run alone. A job tried too often becomes a dead letter."""
        while attempt := await self._group.reclaim():
            if self._is_exhausted(attempt):
                await self._dead_letter(attempt, Poisoned(POISONED))
            elif delivery := await self._decode(attempt):
                return delivery
        return None

    async def picture(self, job: Job) -> bytes | None:
        """The bytes that came with a job, if they are still there."""
        picture: Any = await retry_while_unavailable(self._redis.get, keys.PICTURE(chat=job.chat, job=job.id))
        return None if picture is None else bytes(picture)

    async def finish(self, delivery: Delivery, result: Result) -> bool:
        """Publish the result and end the job. False, and no change, if another worker holds it by now."""
        job = delivery.job
        envelope = Envelope(version=job.version, id=job.id, chat=job.chat, results=job.results)
        return await self._finish(delivery.entry, envelope, encode(result))

    async def _take_batch(self, batch: int, block_ms: int) -> list[Delivery]:
        now_s = time.monotonic()
        if now_s - self._reclaimed_s >= min(RECLAIM_S, self.lease_s / 3):
            if alone := await self.reclaim():
                return [alone]  # it may be what killed its worker: no company, and the next reclaim at once
            self._reclaimed_s = now_s
        return await self.take(batch, block_ms)

    async def _waiting(self, batch: int) -> list[Entry]:
        """Waiting jobs, interactive ones first; the other streams have reserved places, so none starves."""
        entries = [entry for name in self._reserved(batch) for entry in await self._take_from(name, 1)]
        entries = await self._take_from("interactive", batch - len(entries)) + entries
        entries += await self._take_from("busy", batch - len(entries))
        if all(entry.stream == keys.JOB_STREAMS["bulk"] for entry in entries):  # nobody waits
            entries += await self._take_from("bulk", batch - len(entries))
        return entries

    def _reserved(self, batch: int) -> Sequence[keys.JobStream]:
        if batch >= len(keys.JOB_STREAMS):
            return ("busy", "bulk")
        self._small_batches += 1
        turn, remainder = divmod(self._small_batches, SMALL_BATCHES)
        return () if remainder else ("busy",) if turn % 2 else ("bulk",)

    async def _take_from(self, name: keys.JobStream, count: int) -> list[Entry]:
        return await self._group.take(count, streams=[keys.JOB_STREAMS[name]]) if count > 0 else []

    async def _decode(self, attempt: Attempt) -> Delivery | None:
        """The job of an entry. None if it cannot be read: it is left to a newer version, or a dead letter."""
        try:
            return Delivery(attempt.entry, _job_of(attempt.entry), attempt.times)
        except UnsupportedVersion as error:
            await self._release(attempt, error)
        except ProtocolError as error:
            log.error("job entry %s cannot be read: %s", attempt.entry.id, error)
            await self._dead_letter(attempt, ProtocolError(OTHER_VERSION))
        return None

    async def _maintain(self, round_ends_s: float) -> None:
        try:
            await super()._maintain(round_ends_s)
            if self._model:
                await self.announce(self._model)
        except RedisError:  # held jobs can still be finished
            log.exception("heartbeat of %s failed, retrying in %.1f s", self.name, self.lease_s / 3)

    async def _announce(self, heartbeat: bytes) -> None:
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.set(keys.WORKER(name=self.name), heartbeat, px=int(1000 * self.lease_s))
            pipe.sadd(keys.WORKER_NAMES(), self.name)
            await pipe.execute()

    async def _remove_dead_workers(self) -> None:
        names: Any = await self._redis.smembers(keys.WORKER_NAMES())
        for name in names:
            if not await self._redis.exists(keys.WORKER(name=name.decode())):
                await self._redis.srem(keys.WORKER_NAMES(), name)

    async def _dead_letter(self, attempt: Attempt, error: AfterimageError) -> None:
        entry, times = attempt
        log.error("job entry %s is a dead letter after %d deliveries: %s", entry.id, times, error.code)
        try:
            sender = decode_envelope(entry.fields.get(b"job", b""))
        except ProtocolError:
            await self._finish(entry, Envelope(version=0, id="", chat=0), b"", code=error.code, times=times)
            return
        with log_context(chat=sender.chat, job=sender.id):
            log.error("job %s is given up", sender.id)
        refusal = _refusal(entry, sender, error)
        await self._finish(entry, sender, encode(refusal), code=error.code, times=times)

    async def _finish(
        self, entry: Entry, sender: Envelope, result: bytes, *, code: str = "", times: int = 1
    ) -> bool:
        # A program that waits for its own results may be gone: they expire.
        ttl_s = 0 if sender.results == RESULTS else keys.OWN_RESULTS_TTL_S
        verdict = await retry_while_unavailable(
            self._finish_script,
            keys=[
                entry.stream,
                keys.JOB_STATE(job=sender.id),
                keys.OPEN_JOBS_BY_CHAT(),
                keys.results_key(sender.results),
                keys.DEAD_LETTERS(),
            ],
            args=[
                *(keys.WORKERS, self.name, entry.id, sender.chat, keys.JOB_STATE_TTL_S),
                *(result, ttl_s, code, times, MAX_DEAD_LETTERS),
            ],
        )
        if verdict == b"held":
            log.info("job %s is held by another worker, dropping this result", sender.id)
        else:  # 'done', too: this worker finished the job, and the connection broke before the reply
            await retry_while_unavailable(self._redis.unlink, keys.PICTURE(chat=sender.chat, job=sender.id))
        return bool(verdict == b"finished")


def _job_of(entry: Entry) -> Job:
    try:
        return decode_job(entry.fields.get(b"job", b""))
    except ProtocolError as error:
        raise_if_newer(entry, error)
        raise


def _refusal(entry: Entry, sender: Envelope, error: AfterimageError) -> Result:
    """The result that apologises for a dead letter, with as much of the job as can be read."""
    try:
        job = decode_job(entry.fields.get(b"job", b""))
    except ProtocolError:
        job = Job(
            id=sender.id,
            chat=sender.chat,
            task=Caption(),
            correlation_data=sender.correlation_data,
            created_ms=0,
        )
    return Result(
        version=job.version,
        job=job.id,
        chat=job.chat,
        task=job.task,
        photo=job.photo,
        correlation_data=job.correlation_data,
        outcome=Refused(code=error.code, message=error.message, values=error.values),
    )
