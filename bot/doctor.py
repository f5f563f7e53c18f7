"""`afterimage doctor`: the deployment as a bot's host sees it, and Telegram's side of it."""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from typing import Final

from redis.exceptions import RedisError
from telegram import Bot, User, WebhookInfo
from telegram.error import InvalidToken, TelegramError

from bot.health import is_well as asks_for_updates
from bot.service import STREAMS
from bot.settings import Settings
from bot.transport.journal import BOT
from vlm.errors import BadSetting
from vlm.ops.doctor import examine
from vlm.ops.findings import Finding, bad, is_well, ok, report, warn
from vlm.queue.connection import connect

MANY: Final = 100  # updates that Telegram holds
LATELY_S: Final = 3600


def look(read: Callable[[], Settings], *, as_json: bool) -> int:
    """Look at everything; the exit status: 1 if something is bad."""
    try:
        settings = read()
    except BadSetting as error:
        findings = [
            bad(
                "settings",
                str(error),
                "Correct the environment, or ./.env; `afterimage run --help` explains.",
            )
        ]
    else:
        findings = [ok("settings", "They can be read."), *asyncio.run(_examine(settings))]
    sys.stdout.write(report(findings, as_json=as_json) + "\n")
    return 0 if is_well(findings) else 1


async def _examine(settings: Settings) -> list[Finding]:
    found = await examine(settings.redis_url, STREAMS)
    me, telegram = await _telegram(settings)
    if found[0].level != "bad":
        telegram += await _bots(settings, me)
    return found + telegram


async def _telegram(settings: Settings) -> tuple[User | None, list[Finding]]:
    bot = Bot(settings.token, base_url=f"{settings.api_url}/bot")
    try:
        async with bot:
            return bot.bot, [_named(bot.bot), *_webhook(settings, await bot.get_webhook_info())]
    except InvalidToken:
        return None, [
            bad(
                "telegram",
                "Telegram does not know this token.",
                "Put the one that @BotFather shows into BOT_TOKEN, or ask there for a new one.",
            )
        ]
    except TelegramError as error:
        return None, [
            bad(
                "telegram",
                f"{settings.api_url} does not answer: {error}.",
                "Look at this machine's network and name server, and at BOT_API_URL.",
            )
        ]


def _named(me: User) -> Finding:
    if not me.supports_inline_queries:
        return warn(
            "telegram",
            f"The token is that of @{me.username}. Inline mode is off.",
            "To search from any chat, send /setinline to @BotFather.",
        )
    return ok("telegram", f"The token is that of @{me.username}.")


def _webhook(settings: Settings, info: WebhookInfo) -> Iterator[Finding]:
    wanted, about = settings.webhook_url or "", "updates"
    how = f"Telegram calls {info.url}" if info.url else "Telegram is asked for updates"
    says = f"{how}; it holds {info.pending_update_count}."
    failed_s = time.time() - info.last_error_date.timestamp() if info.last_error_date else LATELY_S
    if info.url != wanted:
        yield bad(
            about,
            f"{says} BOT_WEBHOOK_URL says otherwise.",
            "Start the bot with these settings; if it runs, another program uses the same token.",
        )
    elif wanted and failed_s < LATELY_S:
        yield bad(
            about,
            f"{says} Its last call failed: {info.last_error_message}.",
            "Look at the proxy in front of BOT_WEBHOOK_LISTEN, and at its certificate.",
        )
    elif info.pending_update_count > MANY:
        yield warn(about, says, "If this number does not fall, look into the bot's log.")
    else:
        yield ok(about, says)


async def _bots(settings: Settings, me: User | None) -> list[Finding]:
    async with connect(settings.redis_url) as redis:
        try:
            owner = int(await redis.get(BOT) or 0)
            lives = await asks_for_updates(redis, "")
        except RedisError as error:  # no bot has ever run here, or this user may not ask
            return [bad("bots", f"No bot can be seen at work ({error}).", "Start it: `afterimage run`.")]
    if me and owner and owner != me.id:
        return [
            bad(
                "bots",
                f"This database belongs to the bot {owner}, and the token is that of {me.id}.",
                "Give each bot a database of its own: another number at the end of REDIS_URL.",
            )
        ]
    if not lives:
        return [
            bad(
                "bots",
                "No bot has asked for updates in the last two minutes.",
                "Start it: `afterimage run`. If it should run, look into its log.",
            )
        ]
    return [ok("bots", "At least one is at work.")]
