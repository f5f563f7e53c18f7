"""Fetches updates by long polling and appends them to the journal. One process polls, elected by a lease.

python-telegram-bot's own polling loses updates that it has fetched and not yet handled when its process dies.
Here the next request's offset confirms only what the journal holds. Updates stay raw JSON: one that cannot be
parsed must not keep all others from being fetched.
"""

import asyncio
import contextlib
import json
import uuid
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlencode

from redis.exceptions import RedisError
from telegram import Bot
from telegram.error import NetworkError
from telegram.request import HTTPXRequest

from bot.transport.journal import Journal
from bot.transport.retry import retry_until_answered
from vlm.queue.connection import retry_while_unavailable
from vlm.queue.tasks import cancel_all

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
        # a connection of its own: a long poll must not take one from the replies
        self._request = HTTPXRequest(connection_pool_size=1, read_timeout=LONG_POLL_S + 10)

    async def run(self) -> None:
        """Poll until cancelled; outages are waited for. Raises InvalidToken if Telegram rejects the token."""
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
        await retry_until_answered(self._bot.delete_webhook)  # while one is set, Telegram refuses getUpdates
        while True:
            await retry_until_answered(self._poll)

    async def _poll(self) -> None:
        arguments: dict[str, Any] = {"timeout": LONG_POLL_S, "allowed_updates": self._kinds}
        offset = await retry_while_unavailable(self._journal.offset)
        if offset is not None:
            arguments["offset"] = offset
        updates = await self._request.post(f"{self._bot.base_url}/getUpdates?{urlencode(arguments)}")
        if not isinstance(updates, list):
            raise NetworkError("getUpdates returned something other than a list")
        if updates:
            # the last update's id, not the highest: Telegram may restart its numbering
            next_offset = updates[-1]["update_id"] + 1
            await retry_while_unavailable(lambda: self._journal.append(updates, next_offset=next_offset))
