"""Runs batches of jobs through the engine, remembers the outcome, publishes the results.

    take ─► pictures, tokens, search indexes ─► captions, answers, searches ─► memory ─► finish
                                                (in a thread: the heartbeat goes on)

Memory is written before the result, so that it is there for the next question. A worker that dies in between
has published nothing: another runs the jobs again, and every write is an upsert.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Final, ParamSpec, TypeVar

from redis.exceptions import RedisError

from vlm.engine.base import Engine
from vlm.errors import AfterimageError, PictureGone, TimedOut
from vlm.logs import log_context
from vlm.memory import Memory
from vlm.ops.metrics import Metrics, code_of
from vlm.protocol import Find, Job, Refused, Result
from vlm.queue.broker import BLOCK_MS, Broker, Delivery
from vlm.queue.tasks import cancel_all, run_until
from vlm.search.calibration import ReferenceSet
from vlm.search.index import SearchIndex
from vlm.search.index_cache import IndexCache
from vlm.worker.decoder_pool import Decoder, decode_in_process
from vlm.worker.pipeline import ImageInput, JobOutcome, run_jobs
from vlm.worker.recorder import ResultRecorder
from vlm.worker.watchdog import watched

log = logging.getLogger(__name__)

T = TypeVar("T")
P = ParamSpec("P")

REFRESH_S: Final = 10.0  # how often indexes are refreshed: forgotten photos must not stay in them
SHUTDOWN_S: Final = 2.0

GONE: Final = "I do not have this picture at hand any more. Please send it again."
LATE: Final = "Sorry, I was too busy to look at this in time. Please send it again."


class Worker:
    """Runs one engine. An error ends `run`, and restarting is a supervisor's work.

    reference_set  the engine's calibration for searches
    open_pictures  decodes untrusted pictures: `vlm.worker.decoder_pool.DecoderPool.open`, or in this process
    hung_s         how long the engine may take for a batch before this process ends; None: no limit
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
        open_pictures: Decoder = decode_in_process,
        metrics: Metrics | None = None,
        hung_s: float | None = None,
    ) -> None:
        self.is_ready = False
        self._metrics = metrics or Metrics()
        self._broker = broker
        self._engine = engine
        self._batch = batch
        self._reference_set = reference_set
        self._open_pictures = open_pictures
        self._hung_s = hung_s
        self._indexes = IndexCache(memory, engine.info.revision)
        self._recorder = ResultRecorder(memory, engine.info.revision)
        self._thread = ThreadPoolExecutor(1, "engine")  # engines are called from one thread at a time
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._refreshed_s = 0.0

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
            await run_until(self._stopping, self._join())
            await self._broker.run(
                self._stopping,
                self._process,
                batch=self._batch,
                block_ms=lambda: 1 if self._indexes.expecting else BLOCK_MS,
            )
        finally:
            self.is_ready = False
            self._thread.shutdown(wait=False)
            await cancel_all(*self._tasks)
            await self._leave()

    async def _join(self) -> None:
        await self._broker.open()
        await self._broker.announce(self._engine.info)
        self._tasks.append(asyncio.create_task(self._indexes.expect_latest()))
        self.is_ready = True
        log.info("ready: %s answers with %s", self._broker.name, self._engine.info.name)

    async def _process(self, batch: list[Delivery]) -> None:
        if batch:
            await self._run_batch(batch)
        # Between batches: a search in the engine's thread must not find its index changing.
        await run_until(self._stopping, self._update_indexes(idle=not batch))

    async def _update_indexes(self, *, idle: bool) -> None:
        now_s = time.monotonic()
        if now_s - self._refreshed_s >= REFRESH_S:
            self._refreshed_s = now_s
            await self._indexes.refresh()
        elif idle:
            await self._indexes.read_ahead()

    async def _run_batch(self, batch: list[Delivery]) -> None:
        taken_ms = _now_ms()
        self._metrics.batch.observe(len(batch))
        jobs = [delivery.job for delivery in batch]
        inputs = await asyncio.gather(*(self._input(job) for job in jobs))
        with log_context(jobs=[job.id for job in jobs]):
            outcomes = await self._in_thread(
                run_jobs, self._engine, jobs, inputs, self._reference_set, self._open_pictures
            )
        # After a lease they are other workers' jobs: a stop waits no longer for a server that is away.
        finishing = self._finish_all(batch, outcomes, taken_ms, ran_ms=_now_ms() - taken_ms)
        await run_until(self._stopping, finishing, grace_s=self._broker.lease_s)

    async def _input(self, job: Job) -> ImageInput | SearchIndex:
        """What the engine needs for a job, or the error of getting it."""
        if 0 < job.deadline_ms < _now_ms():
            return TimedOut(LATE)
        if isinstance(job.task, Find):
            return await self._indexes.get(job.chat)
        if job.has_picture and (picture := await self._broker.picture(job)) is not None:
            return picture
        tokens = await self._recorder.tokens(job.chat, job.photo) if job.photo else None
        self._metrics.tokens.labels("miss" if tokens is None else "hit").inc()
        return PictureGone(GONE) if tokens is None else tokens

    async def _finish_all(
        self, batch: list[Delivery], outcomes: list[JobOutcome], taken_ms: int, ran_ms: int
    ) -> None:
        await asyncio.gather(
            *(
                self._finish(delivery, outcome, taken_ms, ran_ms)
                for delivery, outcome in zip(batch, outcomes, strict=True)
            )
        )

    async def _finish(self, delivery: Delivery, outcome: JobOutcome, taken_ms: int, ran_ms: int) -> None:
        result = self._result(delivery.job, outcome, taken_ms, ran_ms)
        with log_context(chat=result.chat, job=result.job):
            if delivery.job.photo is not None:
                self._indexes.expect(result.chat)
                await self._recorder.write(delivery.job, delivery.job.photo, outcome)
            self._metrics.observe_stage("wait", result.waited_ms / 1000)
            if await self._broker.finish(delivery, result):
                self._metrics.count_job(result)
                log.info("job %s: %s, ran %d ms", result.job, code_of(result), ran_ms)

    def _result(self, job: Job, outcome: JobOutcome, taken_ms: int, ran_ms: int) -> Result:
        answer = outcome.answer
        return Result(
            version=job.version,
            job=job.id,
            chat=job.chat,
            task=job.task,
            outcome=Refused(code=answer.code, message=answer.message, values=answer.values)
            if isinstance(answer, AfterimageError)
            else answer,
            photo=job.photo,
            correlation_data=job.correlation_data,
            language=job.language,
            model=self._engine.info.name,
            waited_ms=max(0, taken_ms - job.created_ms),
            ran_ms=ran_ms,
        )

    async def _leave(self) -> None:
        try:
            await asyncio.wait_for(self._broker.leave(), SHUTDOWN_S)
        except (RedisError, TimeoutError) as error:  # the lease and the next worker's sweep do the rest
            log.info("stopped without leaving the queue's workers: %s", error)

    async def _in_thread(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        # in this context, so that log lines of the thread name these jobs
        in_context = partial(copy_context().run, call, *args, **kwargs)
        with watched(self._hung_s):
            return await asyncio.get_running_loop().run_in_executor(self._thread, in_context)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
