"""Redis streams that lose nothing: a consumer group whose entries are held under a lease.

    waiting ──take──► held ──ack──► gone
               ▲        │ its consumer died, did not renew it for `lease_s`, or released it
               └─reclaim┘

An entry is delivered at least once, so processing must be idempotent. A group that was lost (the server came
back empty) is created again at the stream's beginning. While the server is unavailable, all calls retry
(`vlm.queue.connection`).

All streams of one `Group` must live in one Cluster slot. Redis 6.2 commands only.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple, ParamSpec, TypeVar

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from vlm.queue.connection import retry_while_unavailable

log = logging.getLogger(__name__)

T = TypeVar("T")
P = ParamSpec("P")

MAX_BLOCK_MS: Final = 2000  # well under the socket's timeout, or waiting would look like a dead server
# Redis before 7 must be told that a script writes after a random read. Elsewhere this does nothing.
EFFECTS: Final = "if redis.replicate_commands then redis.replicate_commands() end\n"

RENEW: Final = (
    EFFECTS
    + """
-- KEYS stream; ARGV group, consumer, ids... Only entries still held: others may have been reclaimed.
local mine = {}
for i = 3, #ARGV do
  if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[i], ARGV[i], 1, ARGV[2]) == 1 then
    redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[i], 'JUSTID')
    mine[#mine + 1] = ARGV[i]
  end
end
return mine
"""
)

SWEEP: Final = (
    EFFECTS
    + """
-- KEYS stream; ARGV group, idle ms, [consumer]. In one step: removing a consumer would lose what it holds.
for _, flat in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local is = {}
  for i = 1, #flat, 2 do is[flat[i]] = flat[i + 1] end
  if is.pending == 0 and is.idle >= tonumber(ARGV[2]) and (not ARGV[3] or is.name == ARGV[3]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], is.name)
  end
end
"""
)

IS_NEXT: Final = """
-- KEYS stream; ARGV group, consumer, id, field, value. 0 if another holds an older entry with that value.
for _, consumer in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1])[4] or {}) do
  local name, count = consumer[1], consumer[2]
  if name ~= ARGV[2] then
    for _, held in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1], '-', '(' .. ARGV[3], count, name)) do
      local entry = redis.call('XRANGE', KEYS[1], held[1], held[1])[1]
      for i = 1, entry and #entry[2] or 0, 2 do
        if entry[2][i] == ARGV[4] and entry[2][i + 1] == ARGV[5] then return 0 end
      end
    end
  end
end
return 1
"""


class Entry(NamedTuple):
    """One entry of a stream, as delivered."""

    stream: str
    id: str
    fields: dict[bytes, bytes]

    @property
    def age_s(self) -> float:
        """How long it has been in its stream: from the server's clock to this machine's."""
        return time.time() - int(self.id.partition("-")[0]) / 1000


class Attempt(NamedTuple):
    """An entry, and how often it has been delivered, this time included."""

    entry: Entry
    times: int


class Group:
    """One consumer of a consumer group over `streams`.

    lease_s   how long an entry stays with a consumer that does not renew it; the same for all consumers
    ordered   a field; of the entries with the same value in it, one is next when all older ones are done
    """

    def __init__(
        self,
        redis: Redis,
        streams: Sequence[str],
        *,
        group: str,
        consumer: str,
        lease_s: float = 30,
        ordered: str | None = None,
    ) -> None:
        self.redis = redis
        self.streams = tuple(streams)
        self.group = group
        self.consumer = consumer
        self.lease_s = lease_s
        self._ordered = ordered
        self._is_next = redis.register_script(IS_NEXT)
        self._renew = redis.register_script(RENEW)
        self._sweep = redis.register_script(SWEEP)

    async def ensure(self) -> None:
        """Create the group where it is missing, at the stream's beginning: waiting entries are read."""
        for stream in self.streams:
            try:
                await retry_while_unavailable(
                    self.redis.xgroup_create, stream, self.group, id="0", mkstream=True
                )
            except ResponseError as error:
                if not str(error).startswith("BUSYGROUP"):
                    raise

    async def take(self, count: int, block_ms: int = 0, streams: Sequence[str] = ()) -> list[Entry]:
        """Up to `count` new entries *of each stream*, now held. Waits up to `block_ms` for the first."""
        return await self._in_group(self._read, count, min(block_ms, MAX_BLOCK_MS), streams or self.streams)

    async def renew(self, entries: Iterable[Entry]) -> set[str]:
        """Hold `entries` for another lease. The ids that are still held; other consumers have the rest."""
        held: set[str] = set()
        for stream, ids in _by_stream(entries):
            held.update(await self._in_group(self._hold, stream, ids))
        return held

    async def reclaim(self) -> Attempt | None:
        """One entry whose lease has ended, now held by this consumer; None if there is none.

        One at a time, so that an entry that kills whoever works on it can be worked on alone.
        """
        for stream in self.streams:
            if entry := await self._in_group(self._claim, stream):
                return Attempt(entry, await self._in_group(self._times, entry))
        return None

    async def is_next(self, entry: Entry) -> bool:
        """Whether no *other* consumer holds an older entry with the same value in the field `ordered`."""
        value = entry.fields.get(self._ordered.encode()) if self._ordered else None
        if self._ordered is None or value is None:
            return True
        args: list[str | bytes] = [self.group, self.consumer, entry.id, self._ordered, value]
        return bool(await self._in_group(self._is_next, keys=[entry.stream], args=args))

    async def release(self, entry: Entry, times: int = 1) -> None:
        """Let others reclaim a held entry, in a tenth of a lease. Its `times`-th delivery does not count."""
        await self._in_group(self._shorten_lease, entry, times - 1)

    async def ack(self, *entries: Entry) -> None:
        """Acknowledge and delete `entries`."""
        for stream, ids in _by_stream(entries):
            await retry_while_unavailable(self._remove, stream, ids)

    async def sweep(self, idle_s: float | None = None) -> None:
        """Delete consumers that hold nothing and have been idle for ten leases."""
        idle_ms = int(1000 * (10 * self.lease_s if idle_s is None else idle_s))
        for stream in self.streams:
            await self._in_group(self._sweep, keys=[stream], args=[self.group, idle_ms])

    async def leave(self) -> None:
        """Delete this consumer from the group, unless it still holds something."""
        for stream in self.streams:
            await self._sweep(keys=[stream], args=[self.group, 0, self.consumer])

    async def _in_group(self, call: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        while True:
            try:
                return await retry_while_unavailable(call, *args, **kwargs)
            except ResponseError as error:
                if not is_lost(error):
                    raise
                log.warning("consumer group %s is missing, creating it again", self.group)
                await self.ensure()

    async def _read(self, count: int, block_ms: int, streams: Sequence[str]) -> list[Entry]:
        reply = await self.redis.xreadgroup(
            self.group, self.consumer, dict.fromkeys(streams, ">"), count=count, block=block_ms or None
        )
        return list(entries(reply))

    async def _hold(self, stream: str, ids: list[str]) -> list[str]:
        held = await self._renew(keys=[stream], args=[self.group, self.consumer, *ids])
        return [id.decode() for id in held]

    async def _claim(self, stream: str) -> Entry | None:
        cursor = "0-0"
        while True:
            reply: Any = await self.redis.xautoclaim(
                stream, self.group, self.consumer, int(1000 * self.lease_s), cursor, count=1
            )
            for id, fields in reply[1]:
                if fields is not None:  # Redis 6 reports None for an entry that was deleted while held
                    return Entry(stream, id.decode(), fields)
            cursor = reply[0].decode()
            if cursor == "0-0":
                return None

    async def _shorten_lease(self, entry: Entry, times: int) -> None:
        await self.redis.xclaim(
            entry.stream,
            self.group,
            self.consumer,
            min_idle_time=0,
            message_ids=[entry.id],
            idle=int(900 * self.lease_s),
            retrycount=times,
            justid=True,
        )

    async def _times(self, entry: Entry) -> int:
        pending: Any = await self.redis.xpending_range(entry.stream, self.group, entry.id, entry.id, 1)
        return int(pending[0]["times_delivered"]) if pending else 1

    async def _remove(self, stream: str, ids: list[str]) -> None:
        async with self.redis.pipeline(transaction=True) as pipe:
            pipe.xack(stream, self.group, *ids)
            pipe.xdel(stream, *ids)
            await pipe.execute()


def is_lost(error: ResponseError) -> bool:
    """Whether the group, or the whole stream, does not exist any more."""
    return str(error).startswith(("NOGROUP", "UNBLOCKED", "no such key"))


def entries(reply: Any) -> Iterator[Entry]:
    """The entries of an XREAD(GROUP) reply.

    RESP2: [[name, [(id, fields)]]]. RESP3: {name: [[(id, fields)]]}.
    """
    for stream, parts in reply.items() if isinstance(reply, dict) else reply or ():
        for part in parts:
            for id, fields in part if isinstance(part, list) else [part]:
                yield Entry(stream.decode(), id.decode(), fields)


def _by_stream(entries: Iterable[Entry]) -> Iterator[tuple[str, list[str]]]:
    groups: dict[str, list[str]] = {}
    for entry in entries:
        groups.setdefault(entry.stream, []).append(entry.id)
    yield from groups.items()
