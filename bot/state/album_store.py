"""Photos that are answered together, in one numbered message: an album, or a question about several photos.

`bot.state.keys.ALBUMS` is a hash. KEY is the text of a list's `ReplyKey`:

    KEY            the ids of its photos, in the order in which they came in
    KEY:PHOTO      the outcome of that photo: '=JOB' if that job answered it, else why it was refused
    KEY:heard      when its last photo came, Unix ms
    KEY:shown      when its message was changed last, Unix ms
    KEY:message    the id of its message
    of:PHOTO       the lists that contain this photo
    MESSAGE        the list that the bot's message MESSAGE shows

Captions and answers are read from the chat's memory each time, so that forgotten ones are gone here, too.
"""

import time
from typing import Any, Final, NamedTuple

from redis.asyncio import Redis

from bot.state import keys
from bot.state.reply_target import AlbumCaptions, ReplyKey, ReplyTarget, parse_key

TTL_S: Final = 365 * 24 * 3600
QUIET_S: Final = 1.2  # an album has no end mark: this long after its last photo, no other is expected
EDIT_INTERVAL_S: Final = 1.0  # between changes of one message
ANSWERED: Final = "="

ADD: Final = """
-- KEYS albums; ARGV list, photo, now in ms, TTL in s
local known = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if string.find(' ' .. known .. ' ', ' ' .. ARGV[2] .. ' ', 1, true) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], known == '' and ARGV[2] or known .. ' ' .. ARGV[2])
redis.call('HSET', KEYS[1], ARGV[1] .. ':heard', ARGV[3])
local lists = redis.call('HGET', KEYS[1], 'of:' .. ARGV[2])
redis.call('HSET', KEYS[1], 'of:' .. ARGV[2], lists and lists .. ' ' .. ARGV[1] or ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
"""

SET_OUTCOME: Final = """
-- KEYS albums; ARGV list, photo, outcome
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], ARGV[1] .. ':' .. ARGV[2], ARGV[3])
return 1
"""


class AlbumItem(NamedTuple):
    """A photo of a list: its number, and its outcome: '' while it is not known, '=JOB', or why not."""

    number: int
    photo: str
    outcome: str

    @property
    def job(self) -> str:
        """The job that answered it; '' if none did."""
        return self.outcome.removeprefix(ANSWERED) if self.outcome.startswith(ANSWERED) else ""


class AlbumStore:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._add_script = redis.register_script(ADD)
        self._set_outcome_script = redis.register_script(SET_OUTCOME)

    async def add_photo(self, target: ReplyTarget, photo: str) -> None:
        """Add a photo to the list. Idempotent."""
        args: list[str | int] = [target.idempotency_key, photo, _now_ms(), TTL_S]
        await self._add_script(keys=[keys.ALBUMS(chat=target.chat)], args=args)

    async def set_outcome(self, target: ReplyTarget, photo: str, outcome: str) -> None:
        """Store a photo's outcome (`AlbumItem.outcome`), unless the list was forgotten."""
        args = [target.idempotency_key, photo, outcome]
        await self._set_outcome_script(keys=[keys.ALBUMS(chat=target.chat)], args=args)

    async def items(self, chat: int, key: ReplyKey) -> list[AlbumItem]:
        """The photos of a list, numbered in the order of their messages."""
        known: Any = await self._get(chat, str(key))
        photos = sorted(known.split(), key=int)
        if not photos:
            return []
        fields = [f"{key}:{photo}" for photo in photos]
        outcomes: Any = await self._redis.hmget(keys.ALBUMS(chat=chat), fields)
        return [
            AlbumItem(number, photo, (outcome or b"").decode())
            for number, (photo, outcome) in enumerate(zip(photos, outcomes, strict=True), 1)
        ]

    async def quiet_in_s(self, target: ReplyTarget) -> float:
        """How long until no more photos are expected."""
        return await self._remaining_s(target, "heard", QUIET_S)

    async def is_due(self, target: ReplyTarget) -> bool:
        """Whether the list's message may be changed again while outcomes are missing. If so, it counts as
        changed now."""
        if await self._remaining_s(target, "shown", EDIT_INTERVAL_S) > 0:
            return False
        await self._redis.hset(keys.ALBUMS(chat=target.chat), f"{target.key}:shown", _now_ms())
        return True

    async def set_message(self, target: ReplyTarget, message: int) -> None:
        """Record that the bot's `message` shows this list."""
        fields: Any = {str(message): target.idempotency_key, f"{target.key}:message": message}
        await self._redis.hset(keys.ALBUMS(chat=target.chat), mapping=fields)

    async def message_of(self, chat: int, key: ReplyKey) -> int | None:
        """The id of the message that shows a list; None while there is none."""
        return int(await self._get(chat, f"{key}:message") or 0) or None

    async def lists_with(self, chat: int, photo: str) -> list[ReplyKey]:
        """The lists that contain a photo."""
        return [parse_key(text) for text in (await self._get(chat, f"of:{photo}")).split()]

    async def album_of(self, chat: int, photo: str) -> ReplyKey | None:
        """The album that a photo came in; None if it came alone."""
        lists = await self.lists_with(chat, photo)
        return next((key for key in lists if isinstance(key, AlbumCaptions)), None)

    async def shown_by(self, chat: int, message: int) -> ReplyKey | None:
        """The list that a message of the bot shows; None if it shows none."""
        text = await self._get(chat, str(message))
        return parse_key(text) if text else None

    async def _get(self, chat: int, field: str) -> str:
        value: Any = await self._redis.hget(keys.ALBUMS(chat=chat), field)
        return (value or b"").decode()

    async def _remaining_s(self, target: ReplyTarget, event: str, wait_s: float) -> float:
        since_ms = int(await self._get(target.chat, f"{target.key}:{event}") or 0)
        left_s = since_ms / 1000 + wait_s - _now_ms() / 1000
        return min(wait_s, max(0.0, left_s))  # not longer, if the clock was set back meanwhile


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
