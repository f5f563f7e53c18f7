"""`afterimage doctor`: the checks of `vlm.ops.doctor`, and those of Telegram and of the bots."""

import asyncio
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from typing import Final

from redis.exceptions import RedisError
from telegram import Bot, User, WebhookInfo
from telegram.error import InvalidToken, TelegramError

from bot.health import is_reading_updates
from bot.service import STREAMS
from bot.settings import Settings
from bot.transport.journal import BOT_ID
from vlm.errors import BadSetting
from vlm.ops.doctor import examine
from vlm.ops.findings import Finding, bad, is_healthy, ok, report, warn
from vlm.queue.connection import connect

PENDING_WARN: Final = 100  # updates that Telegram holds
RECENT_S: Final = 3600


def run(arguments: Namespace, read_settings: Callable[[], Settings]) -> int:
    """Examine everything and print it. The exit status: 1 if something is bad."""
    try:
        settings = read_settings()
    except BadSetting as error:
        advice = "Correct the environment, or ./.env; `afterimage run --help` explains."
        findings = [bad("settings", str(error), advice)]
    else:
        findings = [ok("settings", "They can be read."), *asyncio.run(_examine(settings))]
    sys.stdout.write(report(findings, as_json=arguments.json) + "\n")
    return 0 if is_healthy(findings) else 1


async def _examine(settings: Settings) -> list[Finding]:
    redis = await examine(settings.redis_url, STREAMS)
    me, telegram = await _check_telegram(settings)
    is_reachable = redis[0].level != "bad"
    return [*redis, *telegram, *([await _check_bots(settings, me)] if is_reachable else [])]


async def _check_telegram(settings: Settings) -> tuple[User | None, list[Finding]]:
    """The bot's user, None if Telegram does not answer, and the findings about token and webhook."""
    bot = Bot(settings.token, base_url=f"{settings.api_url}/bot")
    try:
        async with bot:
            webhook = await bot.get_webhook_info()
            return bot.bot, [_check_token(bot.bot), *_check_webhook(settings, webhook)]
    except InvalidToken:
        message = "Telegram does not know this token."
        advice = "Put the one that @BotFather shows into BOT_TOKEN, or ask there for a new one."
    except TelegramError as error:
        message = f"{settings.api_url} does not answer: {error}."
        advice = "Check this machine's network and name server, and BOT_API_URL."
    return None, [bad("telegram", message, advice)]


def _check_token(me: User) -> Finding:
    if not me.supports_inline_queries:
        return warn(
            "telegram",
            f"The token is that of @{me.username}. Inline mode is off.",
            "To search from any chat, send /setinline to @BotFather.",
        )
    return ok("telegram", f"The token is that of @{me.username}.")


def _check_webhook(settings: Settings, info: WebhookInfo) -> Iterator[Finding]:
    subject, wanted_url = "updates", settings.webhook_url or ""
    how = f"Telegram calls {info.url}" if info.url else "Telegram is asked for updates"
    message = f"{how}; it holds {info.pending_update_count}."
    failed_s = time.time() - info.last_error_date.timestamp() if info.last_error_date else RECENT_S
    if info.url != wanted_url:
        yield bad(
            subject,
            f"{message} BOT_WEBHOOK_URL says otherwise.",
            "Start the bot with these settings; if it runs, another program uses the same token.",
        )
    elif wanted_url and failed_s < RECENT_S:
        yield bad(
            subject,
            f"{message} Its last call failed: {info.last_error_message}.",
            "Check the proxy in front of BOT_WEBHOOK_LISTEN, and its certificate.",
        )
    elif info.pending_update_count > PENDING_WARN:
        yield warn(subject, message, "If this number does not fall, read the bot's log.")
    else:
        yield ok(subject, message)


async def _check_bots(settings: Settings, me: User | None) -> Finding:
    async with connect(settings.redis_url) as redis:
        try:
            owner = int(await redis.get(BOT_ID) or 0)
            is_active = await is_reading_updates(redis, "")
        except RedisError as error:  # no bot has run here yet, or this Redis user may not read it
            return bad("bots", f"No bot can be seen at work ({error}).", "Start it: `afterimage run`.")
    if me and owner and owner != me.id:
        return bad(
            "bots",
            f"This database belongs to the bot {owner}, and the token is that of {me.id}.",
            "Give each bot a database of its own: another number at the end of REDIS_URL.",
        )
    if not is_active:
        return bad(
            "bots",
            "No bot has asked for updates in the last two minutes.",
            "Start it: `afterimage run`. If it should be running, read its log.",
        )
    return ok("bots", "At least one is at work.")
