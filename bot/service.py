"""One bot process: updates in, results out, until told to stop.

    Telegram ──► Poller or webhook ──► Journal ──► KeyedConsumer: UpdateHandler ──► handlers ──► jobs
    Telegram ◄── Outbox ◄── handlers ◄── KeyedConsumer: ResultHandler ◄── results

Any number of processes may run side by side.
"""

import asyncio
import logging
import os
import socket
import uuid
from collections.abc import Coroutine
from functools import partial
from typing import Any, Final

from redis.asyncio import Redis
from telegram import Bot

from bot import app
from bot.context import Services
from bot.exports import exporter
from bot.handlers import results
from bot.handlers.results import ResultHandler
from bot.settings import Settings, variable_name
from bot.state.retention import Retention
from bot.transport import updates
from bot.transport.journal import CHAT_FIELD, GROUP, UPDATES, Journal
from bot.transport.polling import Poller
from bot.transport.rate_limit_notice import RateLimitNotice
from bot.transport.rate_limiter import RateLimiter
from bot.transport.retry import RETRY_POLICY, retry_until_answered
from bot.transport.updates import App, UpdateHandler
from vlm.environment import without_password
from vlm.ops.backlog import JOBS, RESULTS
from vlm.ops.metrics import Metrics
from vlm.ops.probes import Check, redis_answers, serving
from vlm.queue.connection import connect, retry_while_unavailable
from vlm.queue.keyed_consumer import KeyedConsumer
from vlm.queue.streams import Group
from vlm.queue.tasks import cancel_all, run_until

log = logging.getLogger(__name__)

STREAMS: Final = {
    **JOBS,
    "updates": (UPDATES, GROUP),
    "results": RESULTS,
    "exports": (exporter.EXPORTS, exporter.GROUP),
}
LEASE_S: Final = 10.0  # after which another bot reclaims the entries of a dead one
GRACE_S: Final = 10.0  # how long a shutdown waits for the entries in hand


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Run until `stop` is set; the entries in hand are finished first.

    Waits for Redis and Telegram for as long as they are unavailable, and logs it.
    Raises:  InvalidToken if Telegram does not know the token; BadSetting if the webhook's port is taken
             or the database is another bot's.
    """
    log.info("Redis: %s. Telegram: %s", without_password(settings.redis_url), settings.api_url)
    metrics = Metrics()
    with serving(settings.metrics, metrics, setting=variable_name("metrics")) as probes:
        async with connect(settings.redis_url) as redis:
            application = app.build(settings, RateLimiter(redis))
            telegram_answered = asyncio.Event()
            probes.watch(_checks(redis, telegram_answered), lambda: metrics.refresh_queue(redis, STREAMS))
            try:
                await run_until(stop, _reach(redis, application))
                if not stop.is_set():
                    telegram_answered.set()
                    await _serve(settings, redis, application, metrics, stop)
            finally:
                probes.stop_watching()
                await application.shutdown()


def _checks(redis: Redis, telegram_answered: asyncio.Event) -> dict[str, Check]:
    async def telegram() -> str:
        return "" if telegram_answered.is_set() else "Telegram has not answered yet"

    return {"redis": redis_answers(redis), "telegram": telegram}


async def _reach(redis: Redis, application: App) -> None:
    await retry_while_unavailable(redis.ping)
    await retry_until_answered(application.initialize)


async def _serve(
    settings: Settings, redis: Redis, application: App, metrics: Metrics, stop: asyncio.Event
) -> None:
    bot, journal = application.bot, Journal(redis)
    await retry_while_unavailable(journal.claim, bot.id)
    services = app.build_services(settings, bot, redis, metrics)
    app.register_handlers(application, services, redis)
    consumers = _consumers(redis, application, services)
    ingest = _webhook if settings.webhook_url else _polling
    background = [
        ingest(settings, bot, journal),
        retry_until_answered(services.command_menus.publish),
        Retention(redis, services.memory, retention_days=settings.retention_days).run(),
    ]
    log.info("Ready: @%s", bot.username)
    try:
        await _run_all(stop, consumers, background)
    finally:
        await services.typing_indicator.stop()


def _consumers(redis: Redis, application: App, services: Services) -> list[KeyedConsumer]:
    """The consumers of updates, results and exports."""
    name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    group = partial(Group, redis, consumer=name, lease_s=LEASE_S)
    update_handler = UpdateHandler(application, services.memory, services.outbox)
    result_handler = ResultHandler(services)
    notice = RateLimitNotice(application.bot, redis, services.memory)
    return [
        KeyedConsumer(
            group([UPDATES], group=GROUP, ordered=CHAT_FIELD),
            chat_of=updates.chat_of,
            handle=update_handler.handle,
            give_up=update_handler.give_up,
            retry=RETRY_POLICY,
            notice=notice,
        ),
        KeyedConsumer(
            services.client.results(name, lease_s=LEASE_S),
            chat_of=results.chat_of,
            handle=result_handler.handle,
            give_up=result_handler.give_up,
            retry=RETRY_POLICY,
            notice=notice,
        ),
        KeyedConsumer(
            group([exporter.EXPORTS], group=exporter.GROUP),
            chat_of=exporter.chat_of,
            handle=services.exporter.handle,
            give_up=services.exporter.give_up,
            retry=RETRY_POLICY,
            slots=exporter.SLOTS,
        ),
    ]


async def _run_all(
    stop: asyncio.Event, consumers: list[KeyedConsumer], background: list[Coroutine[Any, Any, None]]
) -> None:
    """Run all until `stop` or the first failure; then give the consumers GRACE_S to finish.

    Raises:  the failure.
    """
    consuming = [asyncio.create_task(consumer.run(stop)) for consumer in consumers]
    beside = [asyncio.create_task(work) for work in background]
    try:
        await run_until(stop, asyncio.wait(consuming + beside, return_when=asyncio.FIRST_EXCEPTION))
    finally:
        stop.set()
        await cancel_all(*beside)
        await asyncio.wait(consuming, timeout=GRACE_S)  # longer only if Redis is unavailable
        await cancel_all(*consuming)
    for task in consuming + beside:
        if not task.cancelled():
            task.result()


async def _polling(settings: Settings, bot: Bot, journal: Journal) -> None:
    await Poller(bot, journal, app.ALLOWED_UPDATES).run()


async def _webhook(settings: Settings, bot: Bot, journal: Journal) -> None:
    from bot.transport.webhook import WebhookServer, listen, webhook_app  # pollers need no web server

    url, secret = settings.webhook_url or "", settings.webhook_secret or ""
    server = WebhookServer(webhook_app(journal, url=url, secret=secret))
    serving = asyncio.create_task(server.serve(sockets=[listen(*settings.listen)]))
    try:
        await retry_until_answered(
            lambda: bot.set_webhook(url, secret_token=secret, allowed_updates=app.ALLOWED_UPDATES)
        )
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        await serving
