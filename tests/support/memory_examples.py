"""Photos, a chat with data of every kind, and the contents of all keys, for tests of the memory."""

from typing import Any

from redis.asyncio import Redis

from vlm.memory import Array, Memory, Photo
from vlm.protocol import Turn

CHAT, OTHER = -100123, 7


def photo(id: str, **known: Any) -> Photo:
    """The photo that message `id` brought, at second `id` of time."""
    facts: dict[str, Any] = {"sender": 1, "created_ms": 1000 * int(id.lstrip("g"))}
    return Photo(id=id, file_id=f"file {id}", file_unique_id=f"unique {id}", **{**facts, **known})


def array(revision: str = "r1") -> Array:
    return Array(data=b"\x00\x3c" * 6, shape=(2, 3), revision=revision)


async def fill(memory: Memory, chat: int, *ids: str) -> None:
    """Store photos with everything that bot, user and worker add; message ID + 1 is an answer."""
    for id in ids:
        await memory.remember(chat, photo(id, sender_name="Ada", note=f"note {id}"))
        await memory.set_caption(
            chat, id, caption=f"caption {id}", revision="r1", localized_caption=f"Bild {id}", language="de"
        )
        await memory.set_correction(chat, id, f"correction {id}")
        await memory.store_vectors(chat, id, array())
        await memory.store_tokens(chat, id, array())
        turn = Turn(question=f"question {id}", answer=f"answer {id}")
        await memory.add_turn(chat, id, job=f"job {id}", turn=turn, at_ms=1)
        await memory.link(chat, int(id) + 1, id)
    await memory.prefer(chat, language="de", auto=True)


async def names(redis: Redis) -> set[str]:
    """The name of every key of the server."""
    return {key.decode() for key in await redis.keys("*")}


async def everything_said(redis: Redis) -> bytes:
    """The names and values of all keys."""
    read: dict[bytes, Any] = {
        b"string": redis.get,
        b"hash": redis.hgetall,
        b"set": redis.smembers,
        b"zset": lambda key: redis.zrange(key, 0, -1),
        b"stream": redis.xrange,
    }
    contents = []
    for key in sorted(await redis.keys("*")):
        kind = await redis.type(key)
        value = await read[kind](key)
        contents.append(
            (key, sorted(value.items() if kind == b"hash" else value) if kind != b"string" else value)
        )
    return repr(contents).encode()
