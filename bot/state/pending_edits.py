"""The bot's messages that ask for a caption: a reply to one is the caption, not a question."""

from typing import Any, Final

from redis.asyncio import Redis

from bot.state import keys

TTL_S: Final = 24 * 3600


class PendingEdits:
    """`bot.state.keys.PENDING_EDITS` is a hash: the id of the bot's message -> the photo's id."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def add(self, chat: int, message: int, photo: str) -> None:
        """A reply to `message` is the caption of `photo`."""
        key = keys.PENDING_EDITS(chat=chat)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(key, str(message), photo)
            pipe.expire(key, TTL_S)
            await pipe.execute()

    async def photo_of(self, chat: int, message: int) -> str | None:
        """The id of the photo that `message` asks a caption for; None if it asks for none."""
        photo: Any = await self._redis.hget(keys.PENDING_EDITS(chat=chat), str(message))
        return photo.decode() if photo else None
