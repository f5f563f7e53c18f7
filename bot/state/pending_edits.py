"""Questions of ours whose reply is no question about a photo, but new words for it.

prompts:{CHAT}    hash: the id of our message -> the photo's id; kept for a day after the last
"""

from typing import Any, Final

from redis.asyncio import Redis

TTL_S: Final = 24 * 3600


class PendingEdits:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def note(self, chat: int, message: int, photo: str) -> None:
        """A reply to `message` brings new words for `photo`."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(_key(chat), str(message), photo)
            pipe.expire(_key(chat), TTL_S)
            await pipe.execute()

    async def photo(self, chat: int, message: int) -> str | None:
        """The id of the photo that a reply to `message` brings new words for."""
        found: Any = await self._redis.hget(_key(chat), str(message))
        return found.decode() if found else None


def _key(chat: int) -> str:
    return f"prompts:{{{chat}}}"
