"""How the memory of a group goes along when the group becomes a supergroup: another chat, on another shard.

Keys cannot be renamed across shards, so each photo is taken from the old chat and given to the new one, in
one step there; what is there already stays. `moved:{old}` comes first: from then on, for a day, what is still
being done for the old chat is kept in the new one.

A caption that a worker adds in the milliseconds in which its photo is carried is lost with the old photo.
"""

from collections.abc import Sequence
from typing import Any, Final

from redis.asyncio import Redis

from vlm.memory import scripts
from vlm.memory.keys import GONE_TTL_S, WHOLE, former, of_chat, of_photo, script_keys

PAGE: Final = 20  # photos carried in one round trip, with query tokens 1.3 MB


class Moving:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._adopt_script = redis.register_script(scripts.ADOPT)
        self._drop_script = redis.register_script(scripts.DROP)

    async def migrate(self, old: int, new: int) -> None:
        """Carry all that is known of `old` to `new`. Cut short, it is gone on with by the next call."""
        if old == new:
            return
        await self._redis.set(of_chat("moved", old), new, ex=GONE_TTL_S)
        await self._carry_preferences(old, new)
        while places := await self._places(old):
            await self._adopt(new, places, await self._dumps(old, list(places)))
            await self._drop(old, list(places))
        await self._redis.unlink(*(of_chat(kind, old) for kind in WHOLE))

    async def _places(self, old: int) -> dict[str, int]:
        """Some photos that are still there, and where they stand."""
        found: Any = await self._redis.zrange(of_chat("photos", old), 0, PAGE - 1, withscores=True)
        return {id.decode(): int(where) for id, where in found}

    async def _carry_preferences(self, old: int, new: int) -> None:
        wishes: Any = await self._redis.hgetall(of_chat("chat", old))
        for name, wish in wishes.items():
            await self._redis.hsetnx(of_chat("chat", new), name, wish)

    async def _dumps(self, old: int, photos: Sequence[str]) -> list[Any]:
        """For each photo: its dump, those of turns and tokens, the tokens' TTL in ms, its messages."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for photo in photos:
                for kind in ("photo", "turns", "tokens"):
                    pipe.dump(of_photo(kind, old, photo))
                pipe.pttl(of_photo("tokens", old, photo))
                pipe.smembers(of_photo("links", old, photo))
            told = await pipe.execute()
        return [told[start : start + 5] for start in range(0, len(told), 5)]

    async def _adopt(self, new: int, places: dict[str, int], dumps: list[Any]) -> None:
        async with self._redis.pipeline(transaction=False) as pipe:
            for (old_id, where), (dump, turns, tokens, ttl_ms, messages) in zip(
                places.items(), dumps, strict=True
            ):
                if dump is not None:
                    id, links = former(old_id), [former(message.decode()) for message in messages]
                    args = [id, where, dump, turns or b"", tokens or b"", ttl_ms, *links]
                    await self._adopt_script(keys=script_keys(new, id), args=args, client=pipe)
            await pipe.execute()

    async def _drop(self, old: int, photos: Sequence[str]) -> None:
        async with self._redis.pipeline(transaction=False) as pipe:
            for photo in photos:
                await self._drop_script(keys=script_keys(old, photo), args=[photo, 0], client=pipe)
            await pipe.execute()


async def new_home(redis: Redis, chat: int) -> int | None:
    """The chat that keeps the memory of a group that became a supergroup."""
    found: Any = await redis.get(of_chat("moved", chat))
    return int(found) if found else None
