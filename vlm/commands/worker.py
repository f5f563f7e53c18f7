"""`vlm worker`: the composition root of a worker process."""

import asyncio
import logging
import signal
import sys
from functools import partial

from redis.asyncio import Redis
from redis.exceptions import RedisError

from vlm import logs
from vlm.commands.models import load_engine, reference_set_of
from vlm.engine.base import Engine
from vlm.environment import passwords_of, without_password
from vlm.errors import Unavailable
from vlm.memory import Memory
from vlm.ops.backlog import JOBS
from vlm.ops.health import consumer_name
from vlm.ops.metrics import Metrics
from vlm.ops.probes import Probes, redis_answers, serving
from vlm.queue.broker import Broker
from vlm.queue.connection import connect
from vlm.search.calibration import ReferenceSet
from vlm.settings import Settings, variable_name
from vlm.worker.decoder_pool import DecoderPool
from vlm.worker.loop import Worker
from vlm.worker.pipeline import timed_engine
from vlm.worker.watchdog import HUNG_S

log = logging.getLogger(__name__)


def work(settings: Settings) -> int:
    """Load the model and work until SIGTERM or Ctrl-C; the exit status.

    Raises:  ModelNotFound, BadSetting, OutOfMemory or SelfCheckFailed for a model that cannot serve;
             Unavailable if the Redis server refuses it. While the server is unavailable, it retries.
    """
    logs.configure(passwords_of(settings.redis_url), style=settings.log)
    metrics = Metrics()
    try:
        with serving(settings.metrics, metrics, setting=variable_name("metrics")) as probes:
            log.info("loading %s for %s", settings.model, without_password(settings.redis_url))
            engine = load_engine(settings)
            asyncio.run(_run(engine, reference_set_of(settings, engine), settings, metrics, probes))
    except RedisError as error:  # retrying does not help: a wrong password, or not a Redis server
        raise Unavailable(f"The Redis server refuses the worker: {error}") from error
    log.info("stopped, with nothing left in hand")
    return 0


async def _run(
    engine: Engine, reference_set: ReferenceSet | None, settings: Settings, metrics: Metrics, probes: Probes
) -> None:
    async with connect(settings.redis_url) as redis:
        broker = Broker(redis, name=consumer_name(), lease_s=settings.lease_s)
        memory = Memory(redis, tokens_ttl_s=settings.tokens_ttl_s)
        with DecoderPool() as decoders:
            worker = Worker(
                broker,
                timed_engine(engine, metrics),
                memory,
                batch=settings.batch,
                reference_set=reference_set,
                open_pictures=metrics.timed("decode", decoders.open),
                metrics=metrics,
                hung_s=HUNG_S,
            )
            metrics.decoders.set_function(lambda: decoders.deaths)
            probes.watch(
                {"redis": redis_answers(redis), "model": partial(_check_model, worker)},
                partial(_refresh, metrics, redis),
            )
            for number in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, worker.stop)
            await worker.run()
            probes.stop_watching()


async def _check_model(worker: Worker) -> str:
    """Why the worker is not ready, '' if it is; a worker that is stopping is not."""
    return "" if worker.is_ready else "the model has not passed its self-check yet, or the worker is ending"


async def _refresh(metrics: Metrics, redis: Redis) -> None:
    for kind, count in gpu_bytes().items():
        metrics.gpu.labels(kind).set(count)
    await metrics.refresh_queue(redis, JOBS)


def gpu_bytes() -> dict[str, int]:
    """GPU memory of this process: of its tensors (`allocated`), and in all (`reserved`). Imports no torch."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return {}
    return {"allocated": torch.cuda.memory_allocated(), "reserved": torch.cuda.memory_reserved()}
