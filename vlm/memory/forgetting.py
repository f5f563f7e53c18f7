"""How a photo, a chat, or whatever is too old is removed: from every key, at once, and for good.

A chat is forgotten in two steps. One script hides it: from then on it has no photo, no message that leads to
one, no preferences, and nothing is written for those it had. Then their keys are removed, some at a time so
that other chats need not wait; `forgetting:{chat}` says which are left, and whoever forgets or sweeps next
goes on where a crash cut it short.

For a day, ids of what was forgotten are kept: an update that comes late or again must not bring it back.
"""

from collections.abc import Sequence
from typing import Any, Final

from redis.asyncio import Redis

from vlm.memory import scripts
from vlm.memory.keys import GONE_TTL_S, IDS, WHOLE, chat_of, keys_of, of_chat, of_photo, script_keys
from vlm.memory.queued import forget_queued, forget_queued_until
from vlm.memory.records import as_ids
from vlm.queue.keys import DEAD

BATCH: Final = 250  # photos removed in one step: about a millisecond of the server, and one write to its disk
STEP: Final = 500  # keys looked at in one step of a sweep


class Forgetting:
    """Removes. Every method may be called again, or by two at once."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._drop_script = redis.register_script(scripts.DROP)
        self._clear = redis.register_script(scripts.CLEAR)

    async def forget(self, chat: int, photo: str) -> bool:
        """Remove one photo. False: there was none."""
        known = await self._drop(chat, [photo], GONE_TTL_S)
        await forget_queued(self._redis, chat, photo)
        return bool(known)

    async def forget_chat(self, chat: int, until_us: int = 0) -> int:
        """Remove all of a chat, up to some moment. How many photos that were."""
        kinds = ("photos", "forgetting", "forgotten", *WHOLE)
        keys = [of_chat(kind, chat) for kind in kinds]
        count = int(await self._clear(keys=keys, args=[GONE_TTL_S, until_us, of_photo("photo", chat, "")]))
        if count < 0:
            return await self._forget_until(chat, until_us)
        await self._finish(chat)
        await forget_queued(self._redis, chat)
        return count

    async def _forget_until(self, chat: int, until_us: int) -> int:
        """Remove the photos that came by then, while later ones stay: with what the bot noted for them."""
        ids, old = as_ids(await self._redis.zrange(of_chat("photos", chat), 0, -1)), list[str]()
        for start in range(0, len(ids), BATCH):
            async with self._redis.pipeline(transaction=False) as pipe:
                for id in ids[start : start + BATCH]:
                    pipe.hget(of_photo("photo", chat, id), "arrival_us")
                came: Any = await pipe.execute()
            batch = zip(ids[start : start + BATCH], came, strict=True)
            old += [id for id, arrival_us in batch if int(arrival_us or 0) <= until_us]
        count = 0
        for start in range(0, len(old), BATCH):
            count += await self._drop(chat, old[start : start + BATCH], GONE_TTL_S)
        await self._redis.unlink(of_chat("chat", chat))
        await forget_queued_until(self._redis, chat, until_us // 1000, set(old))
        return count

    async def expire(self, chat: int, before_ms: int) -> int:
        """Remove the photos of the seconds before `before_ms`."""
        photos, end, count = of_chat("photos", chat), f"({before_ms // 1000 * IDS}", 0
        while ids := as_ids(await self._redis.zrangebyscore(photos, "-inf", end, start=0, num=BATCH)):
            count += await self._drop(chat, ids, 0)
        return count

    async def sweep(self, before_ms: int) -> int:
        """All chats, one after the other."""
        count = 0
        async for key in self._redis.scan_iter(match="photos:{*}", count=STEP):
            count += await self.expire(chat_of(key), before_ms)
        async for key in self._redis.scan_iter(match="forgetting:{*}", count=STEP):
            await self._finish(chat_of(key))
        await self._redis.xtrim(DEAD, minid=before_ms, approximate=False)
        return count

    async def _drop(self, chat: int, photos: Sequence[str], gone_ttl_s: int) -> int:
        async with self._redis.pipeline(transaction=False) as pipe:
            for photo in photos:
                await self._drop_script(keys=script_keys(chat, photo), args=[photo, gone_ttl_s], client=pipe)
            return sum(await pipe.execute())

    async def _finish(self, chat: int) -> None:
        left = of_chat("forgetting", chat)
        while ids := as_ids(await self._redis.zrange(left, 0, BATCH - 1)):
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.unlink(*(key for id in ids for key in keys_of(chat, id)))
                pipe.zrem(left, *ids)
                await pipe.execute()
