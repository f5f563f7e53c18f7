"""Take jobs, run them through the engine, remember what was seen, publish the results; until told to stop.

    take ─► fetch pictures, tokens, albums ─► captions, answers, searches ─► memory ─► finish
                                              (in a thread: the heart beats on)

Memory comes before the result, so that whoever has heard an answer can ask on. A worker that dies in between
has published nothing: another does the jobs again, and every write is an upsert.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Any, Final, ParamSpec, TypeVar

from redis.exceptions import RedisError

from vlm.engine.base import Engine
from vlm.errors import AfterimageError, PictureGone, TimedOut
from vlm.logs import about
from vlm.memory import Memory
from vlm.ops.metrics import Metrics, code_of
from vlm.protocol import Find, Job, Refused, Result
from vlm.queue.broker import Broker, Delivery
from vlm.search.calibration import ReferenceSet
from vlm.search.index import SearchIndex
from vlm.search.index_cache import IndexCache
from vlm.worker.batch import Decoder, ImageInput, open_here
from vlm.worker.jobs import End, work_on
from vlm.worker.recorder import ResultRecorder
from vlm.worker.watchdog import watched

log = logging.getLogger(__name__)

T = TypeVar("T")
P = ParamSpec("P")

BLOCK_MS: Final = 250
LOOK_S: Final = 3.0  # how often it is looked for jobs of dead workers
FOLLOW_S: Final = 10.0  # how often it is looked what chats have forgotten: it must not stay here
FAREWELL_S: Final = 2.0

GONE: Final = "I do not have this picture at hand any more. Please send it again."
LATE: Final = "Sorry, I was too busy to look at this in time. Please send it again."


class Worker:
    """One engine at work. An error that ends `run` is for a supervisor: nothing is restarted in here.

    background     the engine's calibration for searches
    open_pictures  decodes strangers' pictures: `vlm.worker.decoder_pool.DecoderPool.open`, or in this process
    hung_s         how long the engine may take for a batch before this process ends; None: for ever
    is_ready       the engine has passed its self-check, and jobs are taken
    """

    def __init__(
        self,
        broker: Broker,
        engine: Engine,
        memory: Memory,
        *,
        batch: int = 8,
        reference_set: ReferenceSet | None = None,
        open_pictures: Decoder = open_here,
        metrics: Metrics | None = None,
        hung_s: float | None = None,
    ) -> None:
        self.is_ready = False
        self._metrics = metrics or Metrics()
        self._broker = broker
        self._engine = engine
        self._batch = batch
        self._background = reference_set
        self._open_pictures = open_pictures
        self._hung_s = hung_s
        self._albums = IndexCache(memory, engine.info.revision)
        self._notebook = ResultRecorder(memory, engine.info.revision)
        self._thread = ThreadPoolExecutor(1, "engine")  # engines are called from one thread at a time
        self._stopping = asyncio.Event()
        self._held: list[Delivery] = []
        self._looked_s = self._followed_s = 0.0

    def stop(self) -> None:
        """Take no more jobs; `run` returns when those in hand are done."""
        self.is_ready = False
        self._stopping.set()

    async def run(self) -> None:
        """Work until `stop`.

        Raises:  SelfCheckFailed before the first job, or after an error that left the engine unfit: the jobs
                 in hand are then left to other workers.
        """
        try:
            await self._in_thread(self._engine.check)
            if await self._unless_stopped(self._join()):
                await self._work_until_stopped()
        finally:
            self.is_ready = False
            self._thread.shutdown(wait=False)
            await self._leave()

    async def _join(self) -> bool:
        await self._broker.open()
        await self._broker.announce(self._engine.info)
        self.is_ready = True
        log.info("ready: %s answers with %s", self._broker.name, self._engine.info.name)
        return True

    async def _work_until_stopped(self) -> None:
        heart = asyncio.create_task(self._beat())
        expecting = asyncio.create_task(self._albums.expect_latest())
        try:
            while not self._stopping.is_set():
                # What the server has handed out by now is worked on, so the last take is waited for.
                if batch := await self._unless_stopped(self._take(), grace_s=2 * BLOCK_MS / 1000):
                    await self._work(batch)
                await self._unless_stopped(self._tend_albums(idle=not batch))
        finally:
            heart.cancel()
            expecting.cancel()

    async def _unless_stopped(self, work: Coroutine[Any, Any, T], grace_s: float = 0) -> T | None:
        """The result of `work`; None if `stop` came, and `grace_s` went by, before there was one."""
        working = asyncio.create_task(work)
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({working}, timeout=grace_s)
            return working.result() if working.done() else None
        finally:
            stopping.cancel()
            working.cancel()

    async def _take(self) -> list[Delivery]:
        now_s = time.monotonic()
        if now_s - self._looked_s >= min(LOOK_S, self._broker.lease_s / 3):
            if alone := await self._broker.reclaim():
                return [alone]  # it may be what killed its worker: no company, and the next look at once
            self._looked_s = now_s
        return await self._broker.take(self._batch, 1 if self._albums.expecting else BLOCK_MS)

    async def _tend_albums(self, *, idle: bool) -> None:
        """Between batches, as a search in the engine's thread must not find its album changing."""
        now_s = time.monotonic()
        if now_s - self._followed_s >= FOLLOW_S:
            self._followed_s = now_s
            await self._albums.follow()
        elif idle:
            await self._albums.read_ahead()

    async def _work(self, batch: list[Delivery]) -> None:
        self._held = batch
        taken_ms = _now_ms()
        self._metrics.batch.observe(len(batch))
        try:
            ends = await self._ends([delivery.job for delivery in batch])
            ran_ms = _now_ms() - taken_ms
            works = [self._end(one, end, taken_ms, ran_ms) for one, end in zip(batch, ends, strict=True)]
            # After a lease they are other workers' jobs: then a server that is away is waited for no longer.
            await self._unless_stopped(_all(works), grace_s=self._broker.lease_s)
        finally:
            self._held = []

    async def _ends(self, jobs: list[Job]) -> list[End]:
        seen = await asyncio.gather(*(self._seen(job) for job in jobs))
        with about(jobs=[job.id for job in jobs]):
            return await self._in_thread(
                work_on, self._engine, jobs, seen, self._background, self._open_pictures
            )

    async def _seen(self, job: Job) -> ImageInput | SearchIndex:
        if 0 < job.deadline_ms < _now_ms():
            return TimedOut(LATE)
        if isinstance(job.task, Find):
            return await self._albums.of(job.chat)
        if job.has_picture and (picture := await self._broker.picture(job)) is not None:
            return picture
        tokens = await self._notebook.tokens(job.chat, job.photo) if job.photo else None
        self._metrics.tokens.labels("miss" if tokens is None else "hit").inc()
        return PictureGone(GONE) if tokens is None else tokens

    async def _end(self, delivery: Delivery, end: End, taken_ms: int, ran_ms: int) -> None:
        result = self._result(delivery.job, end, taken_ms, ran_ms)
        with about(chat=result.chat, job=result.job):
            if delivery.job.photo is not None:
                self._albums.expect(result.chat)
                await self._notebook.write(delivery.job, delivery.job.photo, end)
            self._metrics.took("wait", result.waited_ms / 1000)
            if await self._broker.finish(delivery, result):
                self._metrics.finished(result)
                log.info("job %s: %s, ran %d ms", result.job, code_of(result), ran_ms)

    def _result(self, job: Job, end: End, taken_ms: int, ran_ms: int) -> Result:
        outcome = end.outcome
        return Result(
            version=job.version,
            job=job.id,
            chat=job.chat,
            task=job.task,
            outcome=Refused(code=outcome.code, message=outcome.message, values=outcome.values)
            if isinstance(outcome, AfterimageError)
            else outcome,
            photo=job.photo,
            correlation_data=job.correlation_data,
            language=job.language,
            model=self._engine.info.name,
            waited_ms=max(0, taken_ms - job.created_ms),
            ran_ms=ran_ms,
        )

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._broker.lease_s / 3)
            try:
                await self._broker.renew(self._held)
                await self._broker.announce(self._engine.info)
            except RedisError:
                log.exception("a heartbeat failed")

    async def _leave(self) -> None:
        try:
            await asyncio.wait_for(self._broker.leave(), FAREWELL_S)
        except (RedisError, TimeoutError) as error:
            log.info(
                "left without a farewell: %s", error
            )  # the lease and the next worker's sweep do the rest

    async def _in_thread(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        here = partial(copy_context().run, call, *args, **kwargs)  # what is logged there is about these jobs
        with watched(self._hung_s):
            return await asyncio.get_running_loop().run_in_executor(self._thread, here)


async def _all(works: Sequence[Coroutine[Any, Any, None]]) -> None:
    await asyncio.gather(*works)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
