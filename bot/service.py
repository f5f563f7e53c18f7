"""One bot process: updates in, results out, until told to stop.

    Telegram ──► Poller or webhook ──► Journal ──► Lanes: UpdateHandler ──► handlers ──► jobs
    Telegram ◄── Outbox ◄── handlers ◄── Lanes: ResultHandler ◄── results

Any number of them may run side by side.
"""

import asyncio
import itertools
import logging
import os
import socket
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

from redis.asyncio import Redis
from telegram import Bot
from telegram.error import InvalidToken, TelegramError

from bot import app
from bot.exports import exporter as export
from bot.exports.exporter import Exporter
from bot.handlers import results
from bot.handlers.results import ResultHandler
from bot.settings import Settings, variable
from bot.state.retention import Retention
from bot.transport import updates
from bot.transport.journal import CHAT, GROUP, UPDATES, Journal
from bot.transport.keyed_consumer import Lanes
from bot.transport.polling import Poller
from bot.transport.rate_limit_notice import RateLimitNotice
from bot.transport.rate_limiter import RateLimiter
from bot.transport.retry import backoff_s
from bot.transport.updates import App, UpdateHandler
from bot.transport.webhook import WebhookServer, listen, webhook_app
from vlm.environment import without_password
from vlm.ops.backlog import JOBS, RESULTS
from vlm.ops.metrics import Metrics
from vlm.ops.probes import Check, redis_answers, serving
from vlm.queue.client import Client
from vlm.queue.connection import connect, retry_while_unavailable
from vlm.queue.streams import Group
from vlm.queue.tasks import cancel_all, run_until

log = logging.getLogger(__name__)

STREAMS: Final = {
    **JOBS,
    "updates": (UPDATES, GROUP),
    "results": RESULTS,
    "exports": (export.EXPORTS, export.GROUP),
}
LEASE_S: Final = 10.0  # how long a dead bot's updates and results wait for another bot
GRACE_S: Final = 10.0  # how long a stop waits for what is in hand


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Run until `stop` is set; what is in hand is finished first.

    Waits, and says so in the log, for as long as Redis or Telegram is away.
    Raises:  InvalidToken if Telegram does not know the token; BadSetting if the webhook's port is taken
             or the database is another bot's.
    """
    log.info("Redis: %s. Telegram: %s", without_password(settings.redis_url), settings.api_url)
    metrics = Metrics()
    with serving(settings.metrics, metrics, setting=variable("metrics")) as probes:
        async with connect(settings.redis_url) as redis:
            application = app.build(settings, RateLimiter(redis))
            known = asyncio.Event()  # Telegram: it has said who this bot is
            probes.watch(_checks(redis, known), lambda: metrics.look(redis, STREAMS))
            try:
                await run_until(stop, _reached(redis, application))
                if not stop.is_set():
                    known.set()
                    await _serve(settings, redis, application, metrics, stop)
            finally:
                probes.leave()
                await application.shutdown()


def _checks(redis: Redis, known: asyncio.Event) -> dict[str, Check]:
    async def telegram() -> str:
        return "" if known.is_set() else "Telegram has not answered yet"

    return {"redis": redis_answers(redis), "telegram": telegram}


async def _reached(redis: Redis, application: App) -> None:
    await retry_while_unavailable(redis.ping)
    await _until_it_works(application.initialize)


async def _serve(
    settings: Settings, redis: Redis, application: App, metrics: Metrics, stop: asyncio.Event
) -> None:
    journal = Journal(redis)
    await retry_while_unavailable(journal.claim, application.bot.id)
    services = app.build_services(settings, application.bot, redis, metrics)
    app.register_handlers(application, services, redis)
    update_handler = UpdateHandler(application, services.memory, services.outbox)
    notice = RateLimitNotice(application.bot, redis, services.memory)
    lanes = _lanes(redis, services.client, update_handler, ResultHandler(services), services.exporter, notice)
    ingest = _webhook if settings.webhook_url else _polling
    parts = [
        ingest(settings, application.bot, journal),
        _until_it_works(services.command_menus.publish),
        Retention(redis, services.memory, retention_days=settings.retention_days).run(),
    ]
    log.info("Ready: @%s", application.bot.username)
    try:
        await _all(stop, lanes, parts)
    finally:
        await services.typing_indicator.stop()


def _lanes(
    redis: Redis,
    client: Client,
    update_handler: UpdateHandler,
    result_handler: ResultHandler,
    exporter: Exporter,
    notice: RateLimitNotice,
) -> list[Lanes]:
    name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    journal = Group(redis, [UPDATES], group=GROUP, consumer=name, lease_s=LEASE_S, ordered=CHAT)
    to_show = client.results(name, lease_s=LEASE_S)
    orders = Group(redis, [export.EXPORTS], group=export.GROUP, consumer=name, lease_s=LEASE_S)
    return [
        Lanes(
            journal,
            chat_of=updates.chat_of,
            handle=update_handler.handle,
            give_up=update_handler.give_up,
            busy=notice,
        ),
        Lanes(
            to_show,
            chat_of=results.chat_of,
            handle=result_handler.handle,
            give_up=result_handler.give_up,
            busy=notice,
        ),
        Lanes(
            orders,
            chat_of=export.chat_of,
            handle=exporter.handle,
            give_up=exporter.give_up,
            slots=export.SLOTS,
        ),
    ]


async def _all(stop: asyncio.Event, lanes: list[Lanes], parts: list[Coroutine[Any, Any, None]]) -> None:
    """Run all until `stop`, or until one fails; then let the lanes finish, unless Redis is away for long.

    Raises what failed.
    """
    working = [asyncio.create_task(lane.run(stop)) for lane in lanes]
    beside = [asyncio.create_task(part) for part in parts]
    stopped = asyncio.create_task(stop.wait())
    try:
        while not stopped.done() and not any(task.done() and _failure(task) for task in working + beside):
            running = [task for task in working + beside if not task.done()]
            await asyncio.wait([stopped, *running], return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.set()
        await cancel_all(*beside)
        await asyncio.wait(working, timeout=GRACE_S)
        await cancel_all(stopped, *working)
    for task in working + beside:
        if failure := _failure(task):
            raise failure


def _failure(task: asyncio.Task[None]) -> BaseException | None:
    return None if task.cancelled() else task.exception()


async def _polling(settings: Settings, bot: Bot, journal: Journal) -> None:
    await Poller(bot, journal, app.UPDATES).run()


async def _webhook(settings: Settings, bot: Bot, journal: Journal) -> None:
    url, secret = settings.webhook_url or "", settings.webhook_secret or ""
    server = WebhookServer(webhook_app(journal, url=url, secret=secret))
    serving = asyncio.create_task(server.serve(sockets=[listen(*settings.listen)]))
    try:
        await _until_it_works(lambda: bot.set_webhook(url, secret_token=secret, allowed_updates=app.UPDATES))
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        await serving


async def _until_it_works(call: Callable[[], Awaitable[Any]]) -> None:
    """Call Telegram until it answers. Raises InvalidToken."""
    for failures in itertools.count(1):
        try:
            await call()
            return
        except InvalidToken:
            raise
        except TelegramError as error:
            wait_s = backoff_s(error, failures)
            log.warning("Telegram does not answer (%s); trying again in %.1f s", error, wait_s)
        await asyncio.sleep(wait_s)
