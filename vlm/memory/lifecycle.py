"""How photos leave: forgotten one by one or with their chat, expired by age, migrated with their group.

Forgetting. A chat is forgotten in two steps. One script hides it: from then on it has no photo, no
message that leads to one and no preferences, and nothing is written to the photos it had. Then
their keys are removed, some at a time, so that other chats need not wait. `forgetting:{chat}` lists
what is left, and the next call goes on where a crash cut it short. For a day, the ids of what was
forgotten are kept: a late or repeated update must not bring it back.

Migrating. A group that becomes a supergroup is another chat, on another shard. Keys cannot be
renamed across shards, so each photo is copied into the new chat by one script there, which leaves
alone what exists already. `moved:{old}` comes first: for a day, what is still being done for the
old chat is stored in the new one. A caption that a worker stores in the milliseconds in which its
photo is copied is lost with the old photo.
"""

from collections.abc import Sequence
from typing import Any, Final

from vlm import keys
from vlm.memory.scripts import photo_keys, script_keys
from vlm.memory.store import IDS_A_SECOND, ChatStore, decoded_ids, migrated_id
from vlm.queue.removal import remove_chat, remove_chat_until, remove_photo

FORGOTTEN_TTL_S: Final = 24 * 3600  # how long a late or repeated update could still bring a photo back
BATCH: Final = 250  # photos removed in one step: about a millisecond of the server, and one write to its disk
SCAN_COUNT: Final = 500
MIGRATED_PAGE: Final = 20  # photos copied in one round trip, with query tokens 1.3 MB


class Lifecycle(ChatStore):
    """Removes and migrates. Every method may be called again, or by two processes at once."""

    async def forget(self, chat: int, photo: str) -> bool:
        """Remove a photo and everything that belongs to it, at once. False: there was none."""
        known = await self._drop(chat, [photo], FORGOTTEN_TTL_S)
        await remove_photo(self._redis, chat, photo)
        return bool(known)

    async def forget_chat(self, chat: int, until_us: int = 0) -> int:
        """Remove everything that is known of a chat, its preferences too. The number of photos removed.

        Only what arrived by `until_us`, by the Redis server's clock, in microseconds; 0: everything.
        """
        kinds = (keys.PHOTOS, keys.FORGETTING, keys.FORGOTTEN, *self._chat_keys)
        prefix = keys.PHOTO(chat=chat, photo="")
        names = [key(chat=chat) for key in kinds]
        count = int(await self._clear(keys=names, args=[FORGOTTEN_TTL_S, until_us, prefix]))
        if count < 0:  # some photos arrived later
            return await self._forget_until(chat, until_us)
        await self._finish_forgetting(chat)
        await remove_chat(self._redis, chat)
        return count

    async def expire(self, chat: int, before_ms: int) -> int:
        """Remove the photos that arrived in a second before `before_ms`. The number of photos removed."""
        photos, end, count = keys.PHOTOS(chat=chat), f"({before_ms // 1000 * IDS_A_SECOND}", 0
        while ids := decoded_ids(await self._redis.zrangebyscore(photos, "-inf", end, start=0, num=BATCH)):
            count += await self._drop(chat, ids, 0)
        return count

    async def sweep(self, before_ms: int) -> int:
        """`expire` every chat, and finish interrupted forgetting. The number of photos removed."""
        count = 0
        async for key in self._redis.scan_iter(match=keys.PHOTOS(chat="*"), count=SCAN_COUNT):
            count += await self.expire(keys.chat_of(key), before_ms)
        async for key in self._redis.scan_iter(match=keys.FORGETTING(chat="*"), count=SCAN_COUNT):
            await self._finish_forgetting(keys.chat_of(key))
        await self._redis.xtrim(keys.DEAD_LETTERS(), minid=before_ms, approximate=False)
        return count

    async def migrate(self, old_chat: int, new_chat: int) -> None:
        """Move the memory of a group that became a supergroup. An interrupted call is continued by the next.

        The supergroup numbers its messages anew, so the ids of former photos and messages become
        `migrated_id(id)`. For a day, what is still being done for the old chat is stored in the new one.
        """
        if old_chat == new_chat:
            return
        await self._redis.set(keys.MIGRATED(chat=old_chat), new_chat, ex=FORGOTTEN_TTL_S)
        await self._copy_preferences(old_chat, new_chat)
        while scores := await self._next_scores(old_chat):
            await self._adopt(new_chat, scores, await self._dumps(old_chat, list(scores)))
            await self._drop(old_chat, list(scores), 0)
        await self._redis.unlink(*(key(chat=old_chat) for key in self._chat_keys))

    async def _forget_until(self, chat: int, until_us: int) -> int:
        """Remove the photos that arrived by then, while later ones stay with what the bot noted for them."""
        old = await self._arrived_until(chat, until_us)
        count = 0
        for start in range(0, len(old), BATCH):
            count += await self._drop(chat, old[start : start + BATCH], FORGOTTEN_TTL_S)
        await self._redis.unlink(keys.PREFERENCES(chat=chat))
        await remove_chat_until(self._redis, chat, until_us // 1000, set(old))
        return count

    async def _arrived_until(self, chat: int, until_us: int) -> list[str]:
        ids, old = decoded_ids(await self._redis.zrange(keys.PHOTOS(chat=chat), 0, -1)), list[str]()
        for start in range(0, len(ids), BATCH):
            async with self._redis.pipeline(transaction=False) as pipe:
                for id in ids[start : start + BATCH]:
                    pipe.hget(keys.PHOTO(chat=chat, photo=id), "arrival_us")
                arrivals: Any = await pipe.execute()
            batch = zip(ids[start : start + BATCH], arrivals, strict=True)
            old += [id for id, arrival_us in batch if int(arrival_us or 0) <= until_us]
        return old

    async def _drop(self, chat: int, photos: Sequence[str], forgotten_ttl_s: int) -> int:
        async with self._redis.pipeline(transaction=False) as pipe:
            for photo in photos:
                await self._drop_script(
                    keys=script_keys(chat, photo), args=[photo, forgotten_ttl_s], client=pipe
                )
            return sum(await pipe.execute())

    async def _finish_forgetting(self, chat: int) -> None:
        left = keys.FORGETTING(chat=chat)
        while ids := decoded_ids(await self._redis.zrange(left, 0, BATCH - 1)):
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.unlink(*(key for id in ids for key in photo_keys(chat, id)))
                pipe.zrem(left, *ids)
                await pipe.execute()

    async def _copy_preferences(self, old_chat: int, new_chat: int) -> None:
        preferences: Any = await self._redis.hgetall(keys.PREFERENCES(chat=old_chat))
        for name, value in preferences.items():
            await self._redis.hsetnx(keys.PREFERENCES(chat=new_chat), name, value)

    async def _next_scores(self, old_chat: int) -> dict[str, int]:
        """Some photos that are still in the old chat, with their sort scores."""
        key = keys.PHOTOS(chat=old_chat)
        rows: Any = await self._redis.zrange(key, 0, MIGRATED_PAGE - 1, withscores=True)
        return {id.decode(): int(score) for id, score in rows}

    async def _dumps(self, old_chat: int, photos: Sequence[str]) -> list[Any]:
        """For each photo: the dumps of photo, turns and tokens, the TTL of the tokens in ms, its messages."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for photo in photos:
                for key in (keys.PHOTO, keys.TURNS, keys.TOKENS):
                    pipe.dump(key(chat=old_chat, photo=photo))
                pipe.pttl(keys.TOKENS(chat=old_chat, photo=photo))
                pipe.smembers(keys.LINKS(chat=old_chat, photo=photo))
            replies = await pipe.execute()
        return [replies[start : start + 5] for start in range(0, len(replies), 5)]

    async def _adopt(self, new_chat: int, scores: dict[str, int], dumps: list[Any]) -> None:
        async with self._redis.pipeline(transaction=False) as pipe:
            for (old_id, score), (dump, turns, tokens, ttl_ms, messages) in zip(
                scores.items(), dumps, strict=True
            ):
                if dump is not None:
                    id = migrated_id(old_id)
                    links = [migrated_id(message.decode()) for message in messages]
                    args = [id, score, dump, turns or b"", tokens or b"", ttl_ms, *links]
                    await self._adopt_script(keys=script_keys(new_chat, id), args=args, client=pipe)
            await pipe.execute()
