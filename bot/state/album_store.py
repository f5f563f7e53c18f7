"""Several pictures that are answered together, in one numbered message: an album, or a question about one.

    albums:{CHAT}    hash, for a year after the last album
        CAUSE          the ids of its photos, in the order in which they were sent
        CAUSE:PHOTO    what became of that one: '=JOB' answered by that job, else why it was refused
        CAUSE:heard    when its last photo came, Unix ms
        CAUSE:shown    when its message was changed last, Unix ms
        CAUSE:message  the id of its message
        of:PHOTO       the causes of the lists that have this photo
        MESSAGE        the cause that our message MESSAGE answers

Captions and answers themselves are read from the chat's memory each time: what is forgotten there is gone.
"""

import time
from typing import Any, Final, NamedTuple

from redis.asyncio import Redis

from bot.state.reply_target import Place

TTL_S: Final = 365 * 24 * 3600
QUIET_S: Final = 1.2  # an album has no end mark: so long after its last photo there is none to come
PACE_S: Final = 1.0  # between changes of one message
ALBUM: Final = "album"
ALL: Final = "all"
DONE: Final = "="

ADD: Final = """
-- KEYS albums; ARGV cause, photo, now in ms, TTL in s
local known = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if string.find(' ' .. known .. ' ', ' ' .. ARGV[2] .. ' ', 1, true) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], known == '' and ARGV[2] or known .. ' ' .. ARGV[2])
redis.call('HSET', KEYS[1], ARGV[1] .. ':heard', ARGV[3])
local lists = redis.call('HGET', KEYS[1], 'of:' .. ARGV[2])
redis.call('HSET', KEYS[1], 'of:' .. ARGV[2], lists and lists .. ' ' .. ARGV[1] or ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
"""

SETTLE: Final = """
-- KEYS albums; ARGV cause, photo, what became of it
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], ARGV[1] .. ':' .. ARGV[2], ARGV[3])
return 1
"""


class Item(NamedTuple):
    """One picture of a list: its number, and what became of it: nothing yet, the job, or why not."""

    number: int
    photo: str
    outcome: str

    @property
    def job(self) -> str:
        """The job that answered it; '' if none did."""
        return self.outcome.removeprefix(DONE) if self.outcome.startswith(DONE) else ""


def is_list(place: Place) -> bool:
    """Whether a place is a numbered message."""
    return place.cause.startswith((f"{ALBUM}-", f"{ALL}-"))


class AlbumStore:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._add = redis.register_script(ADD)
        self._settle = redis.register_script(SETTLE)

    async def add(self, place: Place, photo: str) -> None:
        """A picture belongs to the list. Again is harmless."""
        await self._add(keys=[_key(place.chat)], args=[place.cause, photo, _now_ms(), TTL_S])

    async def settle(self, place: Place, photo: str, outcome: str) -> None:
        """What became of a picture: see `Item.outcome`. Of a list that was forgotten nothing is kept."""
        await self._settle(keys=[_key(place.chat)], args=[place.cause, photo, outcome])

    async def items(self, chat: int, cause: str) -> list[Item]:
        """The pictures of a list, numbered as they were sent."""
        known: Any = await self._redis.hget(_key(chat), cause)
        photos = sorted((known or b"").decode().split(), key=int)
        if not photos:
            return []
        outcomes: Any = await self._redis.hmget(_key(chat), [f"{cause}:{photo}" for photo in photos])
        found = zip(photos, outcomes, strict=True)
        return [Item(n, photo, (outcome or b"").decode()) for n, (photo, outcome) in enumerate(found, 1)]

    async def quiet_in_s(self, place: Place) -> float:
        """How long until no more pictures are to be expected."""
        return await self._passes_in_s(place, "heard", QUIET_S)

    async def is_due(self, place: Place) -> bool:
        """Whether its message may be changed again before all is known. If so, it counts as changed now."""
        if await self._passes_in_s(place, "shown", PACE_S) > 0:
            return False
        await self._redis.hset(_key(place.chat), f"{place.cause}:shown", _now_ms())
        return True

    async def note(self, place: Place, message: int) -> None:
        """Our `message` is this list's."""
        told: Any = {str(message): place.cause, f"{place.cause}:message": message}
        await self._redis.hset(_key(place.chat), mapping=told)

    async def causes_of(self, chat: int, photo: str) -> list[str]:
        """The causes of the lists that have a photo."""
        found: Any = await self._redis.hget(_key(chat), f"of:{photo}")
        return (found or b"").decode().split()

    async def message_of(self, chat: int, cause: str) -> int | None:
        """The id of our message that shows a list, if there is one by now."""
        return int(await self._redis.hget(_key(chat), f"{cause}:message") or 0) or None

    async def shown_in(self, chat: int, message: int) -> str:
        """The cause of the list that our message shows; '' if it shows none."""
        found: Any = await self._redis.hget(_key(chat), str(message))
        return (found or b"").decode()

    async def _passes_in_s(self, place: Place, what: str, wait_s: float) -> float:
        since: Any = await self._redis.hget(_key(place.chat), f"{place.cause}:{what}")
        left_s = int(since or 0) / 1000 + wait_s - _now_ms() / 1000
        return min(wait_s, max(0.0, left_s))  # not longer, if the clock was set back meanwhile


def _key(chat: int) -> str:
    return f"albums:{{{chat}}}"


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
