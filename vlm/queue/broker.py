"""A worker's side of the queue: take jobs, keep them, finish each exactly once.

    take ──► held ──finish──► result published, entry acked and deleted, chat's load lowered: all or nothing
              │ the worker dies; its lease runs out
              └──► reclaim (alone) ──► finish
                        └─ once too often ──► dead letter and an apology

A worker that has lost a job to another (it slept past its lease) cannot finish it: one result, not two.
The keys are drawn in `vlm.queue.keys`.
"""

import logging
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec
from redis.asyncio import Redis

from vlm.errors import AfterimageError, NewerVersion, Poisoned, ProtocolError
from vlm.logs import about
from vlm.memory import blob_key
from vlm.protocol import (
    RESULTS,
    UPGRADE_S,
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
from vlm.queue.keys import (
    DEAD,
    LANES,
    MARK_TTL_S,
    OPEN_JOBS_BY_CHAT,
    RESULTS_TTL_S,
    WORKER_NAMES,
    WORKERS,
    Line,
    job_state_key,
    results_key,
    worker_key,
)
from vlm.queue.streams import EFFECTS, Entry, Group

log = logging.getLogger(__name__)

DELIVERIES: Final = 3
DEAD_LETTERS: Final = 1000
TURN: Final = 4  # of batches too small to keep places in

POISONED: Final = (
    "Sorry, I stumbled over this picture or question several times and gave up. The others are not affected;"
    " please try another picture, or ask in other words."
)
OTHER_VERSION: Final = "Sorry, I was being updated just as this arrived. Please send it again in a minute."

FINISH: Final = (
    EFFECTS
    + """
-- KEYS lane, mark, load, results, dead
-- ARGV group, consumer, entry, chat, mark's TTL s, result or '', results' TTL s or 0,
--      and for a dead letter its code (else ''), times delivered, how many letters are kept
local job = redis.call('XRANGE', KEYS[1], ARGV[3], ARGV[3])[1]
local pending = redis.pcall('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1, ARGV[2])
local mine = not pending.err and #pending == 1
-- No entry and no mark: the server came back empty, and only this worker still knows that somebody waits.
local mark = redis.call('GET', KEYS[2])
if not mine and (job or mark) then return mark == 'done' and 'done' or 'held' end
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
return 'settled'
"""
)


class Delivery(NamedTuple):
    """A job in this worker's hands, and how often it has been handed out."""

    entry: Entry
    job: Job
    times: int


class Broker:
    """One worker's hold on the queue. `name` is the worker's, unique among all that live.

    lease_s      how long a job stays with a worker that is not heard of; the same for all workers
    deliveries   how often a job is tried before it is a dead letter
    """

    def __init__(self, redis: Redis, *, name: str, lease_s: float = 30, deliveries: int = DELIVERIES) -> None:
        self.lease_s = lease_s
        self.name = name
        self._redis = redis
        self._deliveries = deliveries
        self._group = Group(redis, list(LANES.values()), group=WORKERS, consumer=name, lease_s=lease_s)
        self._finish = redis.register_script(FINISH)
        self._turn = 0

    async def open(self) -> None:
        """Join the workers, and forget those that are gone for good."""
        await self._group.ensure()
        await self._group.sweep()
        await retry_while_unavailable(self._forget_the_dead)

    async def leave(self) -> None:
        """Leave the workers. What is still held is reclaimed by others when its lease runs out."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.unlink(worker_key(self.name))
            pipe.srem(WORKER_NAMES, self.name)
            await pipe.execute()
        await self._group.leave()

    async def announce(self, model: ModelInfo) -> None:
        """Tell front ends, for one lease, that this worker lives and which model answers."""
        await retry_while_unavailable(self._announce, msgspec.msgpack.encode(model))

    async def take(self, batch: int, block_ms: int) -> list[Delivery]:
        """Up to `batch` new jobs; waits up to `block_ms` for the first, and never for company."""
        entries = await self._share(batch)
        if not entries:
            entries = await self._group.take(1, block_ms)
            if entries and len(entries) < batch:
                entries += await self._share(batch - len(entries))
        return [delivery for entry in entries if (delivery := await self._opened(entry, 1))]

    async def reclaim(self) -> Delivery | None:
        """One job whose worker is gone, to be run alone. Those that were tried too often are buried."""
        while found := await self._group.reclaim():
            if found.times > self._deliveries:
                await self._bury(found.entry, Poisoned(POISONED), found.times)
            elif delivery := await self._opened(*found):
                return delivery
        return None

    async def renew(self, held: list[Delivery]) -> None:
        """Keep `held` for another lease."""
        await self._group.renew(delivery.entry for delivery in held)

    async def picture(self, job: Job) -> bytes | None:
        """The bytes that came with a job, if they are still there."""
        found: Any = await retry_while_unavailable(self._redis.get, blob_key(job.chat, job.id))
        return None if found is None else bytes(found)

    async def finish(self, delivery: Delivery, result: Result) -> bool:
        """Publish the result and let go of the job. False, and nothing is done, if it is another's by now."""
        job = delivery.job
        envelope = Envelope(version=job.version, id=job.id, chat=job.chat, results=job.results)
        return await self._settle(delivery.entry, envelope, encode(result))

    async def _announce(self, beat: bytes) -> None:
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.set(worker_key(self.name), beat, px=int(1000 * self.lease_s))
            pipe.sadd(WORKER_NAMES, self.name)
            await pipe.execute()

    async def _forget_the_dead(self) -> None:
        names: Any = await self._redis.smembers(WORKER_NAMES)
        for name in names:
            if not await self._redis.exists(worker_key(name.decode())):
                await self._redis.srem(WORKER_NAMES, name)

    async def _share(self, batch: int) -> list[Entry]:
        """What waits, the first lane first. The others are kept a place each, or they would starve."""
        entries = [one for line in self._kept(batch) for one in await self._line(line, 1)]
        entries = await self._line("interactive", batch - len(entries)) + entries
        entries += await self._line("busy", batch - len(entries))
        if all(entry.stream == LANES["bulk"] for entry in entries):  # nobody waits
            entries += await self._line("bulk", batch - len(entries))
        return entries

    def _kept(self, batch: int) -> Sequence[Line]:
        if batch >= len(LANES):
            return ("busy", "bulk")
        self._turn += 1
        turn, before = divmod(self._turn, TURN)
        return () if before else ("busy",) if turn % 2 else ("bulk",)

    async def _line(self, line: Line, count: int) -> list[Entry]:
        return await self._group.take(count, streams=[LANES[line]]) if count > 0 else []

    async def _opened(self, entry: Entry, times: int) -> Delivery | None:
        try:
            return Delivery(entry, decode_job(entry.fields.get(b"job", b"")), times)
        except ProtocolError as error:
            if isinstance(error, NewerVersion) and entry.age_s < UPGRADE_S:
                log.info("job %s is left to newer workers: %s", entry.id, error)
                await self._group.release(entry, times)
            else:
                log.error("job %s was not understood: %s", entry.id, error)
                await self._bury(entry, ProtocolError(OTHER_VERSION), times)
            return None

    async def _bury(self, entry: Entry, error: AfterimageError, times: int) -> None:
        log.error("job entry %s is a dead letter after %d deliveries: %s", entry.id, times, error.code)
        try:
            sender = decode_envelope(entry.fields.get(b"job", b""))
        except ProtocolError:
            await self._settle(entry, Envelope(version=0, id="", chat=0), b"", code=error.code, times=times)
            return
        with about(chat=sender.chat, job=sender.id):
            log.error("job %s is given up", sender.id)
        refusal = _refusal(entry, sender, error)
        await self._settle(entry, sender, encode(refusal), code=error.code, times=times)

    async def _settle(
        self, entry: Entry, sender: Envelope, result: bytes, *, code: str = "", times: int = 1
    ) -> bool:
        ttl_s = 0 if sender.results == RESULTS else RESULTS_TTL_S  # who waits for itself may be gone
        verdict = await retry_while_unavailable(
            self._finish,
            keys=[
                entry.stream,
                job_state_key(sender.id),
                OPEN_JOBS_BY_CHAT,
                results_key(sender.results),
                DEAD,
            ],
            args=[
                *(WORKERS, self.name, entry.id, sender.chat, MARK_TTL_S),
                *(result, ttl_s, code, times, DEAD_LETTERS),
            ],
        )
        if verdict == b"held":
            log.info("job %s is in another worker's hands by now", sender.id)
        else:  # also when it was done before: by this worker, if the server died between doing and saying so
            await retry_while_unavailable(self._redis.unlink, blob_key(sender.chat, sender.id))
        return bool(verdict == b"settled")


def _refusal(entry: Entry, sender: Envelope, error: AfterimageError) -> Result:
    """What its sender is told of a dead letter, with as much of the job as can be read."""
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
