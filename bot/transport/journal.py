"""The journal of updates: each update is stored here before Telegram is told that it arrived.

    bot.state.keys.UPDATES       stream, read by group `bot`: `update`, as Telegram's JSON, and its `chat`
    bot.state.keys.OFFSET        the next getUpdates offset; kept for six days
    bot.state.keys.UPDATE_SEEN   exists if the update is in the journal; kept for a day
    bot.state.keys.POLLER        the name of the process that polls; a lease
    bot.state.keys.BOT_ID        the id of the bot that owns this database

Telegram may restart its numbering after a week without updates. An older offset would then be too high and
confirm new updates that nobody has read, so it expires earlier, and the next poll takes all that Telegram
holds. The updates of two bots have the same numbers, so each bot needs its own database.
"""

import json
from typing import Any, Final

from redis.asyncio import Redis

from bot.state import keys
from vlm.errors import BadSetting

UPDATES: Final = keys.UPDATES()
GROUP: Final = "bot"
CHAT_FIELD: Final = "chat"  # the field by which updates are ordered, across processes
OFFSET: Final = keys.OFFSET()
BOT_ID: Final = keys.BOT_ID()

OFFSET_TTL_S: Final = 6 * 24 * 3600
MARK_TTL_S: Final = 24 * 3600

Json = dict[str, Any]

# KEYS: updates, offset, one mark for each update.  ARGV: next offset or '', its TTL, the marks' TTL, then for
# each update its chat and its JSON.
# A script that fails is not rolled back, so the mark is set after the entry, and the offset last.
_APPEND: Final = """
for i = 3, #KEYS do
    if redis.call('EXISTS', KEYS[i]) == 0 then
        redis.call('XADD', KEYS[1], '*', 'chat', ARGV[2 * i - 2], 'update', ARGV[2 * i - 1])
        redis.call('SET', KEYS[i], '', 'EX', ARGV[3])
    end
end
if ARGV[1] ~= '' then redis.call('SET', KEYS[2], ARGV[1], 'EX', ARGV[2]) end
"""

# KEYS: poller.  ARGV: name, lease in ms.  Returns 1 if `name` holds the lease now.
_ELECT: Final = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""

_RESIGN: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"


def chat_of_update(update: Json) -> int:
    """The id of an update's chat, else of its sender, else 0."""
    try:
        payload = next(payload for kind, payload in update.items() if kind != "update_id")
        message = payload.get("message", payload)
        return int((message.get("chat") or payload["from"])["id"])
    except (AttributeError, KeyError, TypeError, ValueError, StopIteration):
        return 0


def arrival_us(entry: str) -> int:
    """When an update arrived, in Unix microseconds, from its entry's id: in the journal's order.

    The updates of one getUpdates call share a millisecond, hence the count within it.
    """
    ms, _, count = entry.partition("-")
    return 1000 * int(ms) + min(int(count or 0), 999)


class Journal:
    """Appends updates, each once however often it arrives, and elects the process that polls."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._append = redis.register_script(_APPEND)
        self._elect = redis.register_script(_ELECT)
        self._resign = redis.register_script(_RESIGN)

    async def claim(self, bot: int) -> None:
        """Make this the database of the bot with the id `bot`. Raises BadSetting if it is another's."""
        if await self._redis.set(BOT_ID, bot, nx=True):
            return
        owner = int(await self._redis.get(BOT_ID) or bot)
        if owner != bot:
            raise BadSetting(
                f"REDIS_URL: this database belongs to the bot {owner}, and this is the bot {bot}. "
                "Give each bot a database of its own: another number at the end of the URL."
            )

    async def append(self, updates: list[Json], *, next_offset: int | None = None) -> None:
        """Store updates and, in the same step, the offset that confirms them."""
        await self._append(
            keys=[UPDATES, OFFSET, *(keys.UPDATE_SEEN(update=update["update_id"]) for update in updates)],
            args=[
                "" if next_offset is None else next_offset,
                OFFSET_TTL_S,
                MARK_TTL_S,
                *(part for update in updates for part in (chat_of_update(update), json.dumps(update))),
            ],
        )

    async def offset(self) -> int | None:
        """The offset to poll with; None: from the first update that Telegram holds."""
        value = await self._redis.get(OFFSET)
        return None if value is None else int(value)

    async def elect(self, name: str, lease_ms: int) -> bool:
        """Take or renew the poller's lease. False while another process holds it."""
        return bool(await self._elect(keys=[keys.POLLER()], args=[name, lease_ms]))

    async def resign(self, name: str) -> None:
        """Release the lease, so that another process can take it at once."""
        await self._resign(keys=[keys.POLLER()], args=[name])
