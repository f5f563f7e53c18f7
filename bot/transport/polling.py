"""Updates by long polling, into the journal. One of any number of processes polls; a lease elects it.

python-telegram-bot's own polling loses what it has fetched and not yet handled when its process dies. Here
the next request's offset confirms only what the journal holds. Updates stay raw JSON: one that cannot be read
must not keep all others from being fetched.
"""

import asyncio
import contextlib
import json
import logging
import uuid
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlencode

from redis.exceptions import RedisError
from telegram import Bot
from telegram.error import Conflict, InvalidToken, NetworkError, TelegramError
from telegram.request import HTTPXRequest

from bot.transport.journal import Journal
from bot.transport.retry import backoff_s
from vlm.queue.connection import retry_while_unavailable
from vlm.queue.tasks import cancel_all

log = logging.getLogger(__name__)

LONG_POLL_S: Final = 25
LEASE_S: Final = 5.0


class Poller:
    """Fetches updates for as long as this process is the elected one.

    kinds   the kinds of update to ask for, as in getUpdates' allowed_updates
    """

    def __init__(self, bot: Bot, journal: Journal, kinds: Sequence[str], *, lease_s: float = LEASE_S) -> None:
        self._bot = bot
        self._journal = journal
        self._kinds = json.dumps(list(kinds))
        self._lease_s = lease_s
        self._name = uuid.uuid4().hex
        # its own connection: a long poll must not take one away from the replies
        self._request = HTTPXRequest(connection_pool_size=1, read_timeout=LONG_POLL_S + 10)

    async def run(self) -> None:
        """Poll until cancelled, through every outage. Raises InvalidToken when Telegram rejects the token."""
        await self._request.initialize()
        try:
            while True:
                await self._wait_for_election()
                await self._while_elected()
        finally:
            await self._request.shutdown()
            with contextlib.suppress(RedisError):
                await self._journal.resign(self._name)

    async def _wait_for_election(self) -> None:
        while not await self._elected():  # noqa: ASYNC110 - the event happens in another process
            await asyncio.sleep(self._lease_s / 5)

    async def _while_elected(self) -> None:
        polling = asyncio.create_task(self._poll_forever())
        try:
            while not polling.done() and await self._elected():
                await asyncio.wait([polling], timeout=self._lease_s / 3)
        finally:
            await cancel_all(polling)
        if not polling.cancelled():
            polling.result()

    async def _elected(self) -> bool:
        return await retry_while_unavailable(
            lambda: self._journal.elect(self._name, int(self._lease_s * 1000))
        )

    async def _poll_forever(self) -> None:
        """Poll until cancelled. A webhook that is still set would make Telegram refuse: remove it first."""
        failures = 0
        has_webhook = True
        while True:
            try:
                if has_webhook:
                    has_webhook = not await self._bot.delete_webhook()
                await self._poll_once()
                failures = 0
            except InvalidToken:
                raise
            except TelegramError as error:
                failures += 1
                wait_s = backoff_s(error, failures)
                log.warning("Could not fetch updates (%s); trying again in %.1f s", _explained(error), wait_s)
                await asyncio.sleep(wait_s)

    async def _poll_once(self) -> None:
        arguments: dict[str, Any] = {"timeout": LONG_POLL_S, "allowed_updates": self._kinds}
        offset = await retry_while_unavailable(self._journal.offset)
        if offset is not None:
            arguments["offset"] = offset
        updates = await self._request.post(f"{self._bot.base_url}/getUpdates?{urlencode(arguments)}")
        if not isinstance(updates, list):
            raise NetworkError("getUpdates brought something that is not a list")
        if updates:
            # the last one's id, not the highest: Telegram may restart its numbering
            next_offset = updates[-1]["update_id"] + 1
            await retry_while_unavailable(lambda: self._journal.append(updates, next_offset=next_offset))


def _explained(error: Exception) -> str:
    if isinstance(error, Conflict):
        return "another program polls with the same token"
    return str(error) or type(error).__name__
