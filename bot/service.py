"""One bot process: updates in, results out, until told to stop.

    Telegram ──► Poller or webhook ──► Journal ──► Lanes: Updates ──► handlers ──► jobs
    Telegram ◄── Outbox ◄── Delivery ◄── Lanes ◄── results

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
from bot.app import App
from bot.exports import exporter as export
from bot.exports.exporter import Exporter
from bot.services import Desk
from bot.settings import Settings, variable_name
from bot.state.job_stats import JobStats
from bot.state.retention import Retention
from bot.transport import results as delivery
from bot.transport import updates
from bot.transport.journal import CHAT, GROUP, UPDATES, Journal
from bot.transport.keyed_consumer import Lanes
from bot.transport.outbox import Outbox
from bot.transport.polling import Poller
from bot.transport.rate_limit_notice import RateLimitNotice
from bot.transport.rate_limiter import RateLimiter
from bot.transport.results import Delivery
from bot.transport.retry import backoff_s
from bot.transport.typing_indicator import TypingIndicator
from bot.transport.updates import Updates
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
PATIENCE_S: Final = 3600.0  # how long an answer, or what a search finds, is still of use to who asked


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Run until `stop` is set; what is in hand is finished first.

    Waits, and says so in the log, for as long as Redis or Telegram is away.
    Raises:  InvalidToken if Telegram does not know the token; BadSetting if the webhook's port is taken
             or the database is another bot's.
    """
    log.info("Redis: %s. Telegram: %s", without_password(settings.redis_url), settings.api_url)
    metrics = Metrics()
    with serving(settings.metrics, metrics, setting=variable_name("metrics")) as probes:
        async with connect(settings.redis_url) as redis:
            application = app.build(settings, RateLimiter(redis))
            known = asyncio.Event()  # Telegram: it has said who this bot is
            probes.watch(_checks(redis, known), lambda: metrics.refresh_queue(redis, STREAMS))
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
    client = Client(redis, queue_max=settings.queue_max, chat_max=settings.chat_max, patience_s=PATIENCE_S)
    outbox = Outbox(application.bot, redis)
    tally = JobStats(redis, client, metrics)
    presence = TypingIndicator(application.bot, client, outbox, tally)
    desk = Desk(settings, application.bot, redis, client, outbox, presence, tally, metrics)
    app.handle(application, desk)
    handling, delivering = Updates(application, outbox, desk.talks), Delivery(client, outbox, desk)
    busy = RateLimitNotice(application.bot, redis, desk.talks)
    lanes = _lanes(redis, client, handling, delivering, desk.exports, busy)
    ingest = _webhook if settings.webhook_url else _polling
    parts = [
        ingest(settings, application.bot, journal),
        _until_it_works(desk.menus.publish),
        Retention(redis, client.memory, retention_days=settings.retention_days).run(),
    ]
    log.info("Ready: @%s", application.bot.username)
    try:
        await _all(stop, lanes, parts)
    finally:
        await presence.stop()


def _lanes(
    redis: Redis,
    client: Client,
    handling: Updates,
    delivering: Delivery,
    exports: Exporter,
    busy: RateLimitNotice,
) -> list[Lanes]:
    name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    journal = Group(redis, [UPDATES], group=GROUP, consumer=name, lease_s=LEASE_S, ordered=CHAT)
    results = client.results(name, lease_s=LEASE_S)
    orders = Group(redis, [export.EXPORTS], group=export.GROUP, consumer=name, lease_s=LEASE_S)
    return [
        Lanes(journal, chat_of=updates.chat_of, handle=handling.handle, give_up=handling.give_up, busy=busy),
        Lanes(
            results, chat_of=delivery.chat_of, handle=delivering.handle, give_up=delivering.give_up, busy=busy
        ),
        Lanes(
            orders,
            chat_of=export.chat_of,
            handle=exports.handle,
            give_up=exports.give_up,
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
    from bot.transport.webhook import WebhookServer, listen, webhook_app  # pollers need no web server

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
