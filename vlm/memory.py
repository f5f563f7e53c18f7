"""What a chat remembers, in Redis. All keys of a chat have the chat as hash tag: a chat lives on one shard.

    photos:{chat}       sorted set: photo ids by the time they came, ms. All keys of a photo follow from it
    photo:{chat}:ID     hash: file_id, file_unique_id, sender, created_ms    written by a front end
                              caption, revision, vectors                     added by a worker
    messages:{chat}     hash: message id -> photo id, the bot's own messages too
    turns:{chat}:ID     hash: job id -> question, answer, time
    tokens:{chat}:ID    the query tokens of the photo, with a TTL that every use renews
    chat:{chat}         hash: language and preferences of the chat
    blob:{chat}:JOB     a picture on its way to a worker (`vlm.client` writes it, `vlm.broker` removes it)

A photo's id is the id of the message that brought it. Every write is an upsert by a key that the caller
carries, and a worker writes only to photos that still exist, so that what was forgotten stays forgotten. No
picture is kept: Telegram has it, and `file_id` brings it back. Arrays are bytes and a shape: no numpy here.
"""

from typing import Any, Final

import msgspec
from redis.asyncio import Redis

from vlm.protocol import Turn

TOKENS_TTL_S: Final = 7 * 24 * 3600
PAGE: Final = 50  # photos looked at in one round trip when searching for one person's latest

IF_KNOWN: Final = """
-- KEYS photo, target; ARGV command, its arguments after the key
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call(ARGV[1], KEYS[2], unpack(ARGV, 2))
return 1
"""


class Photo(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a photo. `caption` is English, and '' before a worker's; `revision` is its model's."""

    id: str
    file_id: str
    file_unique_id: str = ""
    sender: int = 0
    created_ms: int
    caption: str = ""
    revision: str = ""


class Array(msgspec.Struct, frozen=True, kw_only=True):
    """An fp16 array, row by row, and the revision of its model: arrays of two revisions never mix."""

    data: bytes
    shape: tuple[int, ...]
    revision: str


FACTS: Final = ("file_id", "file_unique_id", "sender", "created_ms")  # what a front end knows of a photo
FIELDS: Final = (*FACTS, "caption", "revision")


class _Told(msgspec.Struct, frozen=True, kw_only=True):
    question: str
    answer: str
    at_ms: int


def blob_key(chat: int, job: str) -> str:
    """Where a picture waits for the worker."""
    return f"blob:{{{chat}}}:{job}"


class Memory:
    """The photo memory of all chats. Every method names the chat it is about, and reads no other.

    Raises redis' own errors when the server is away.
    """

    def __init__(self, redis: Redis, *, tokens_ttl_s: int = TOKENS_TTL_S) -> None:
        self._redis = redis
        self._tokens_ttl_s = tokens_ttl_s
        self._if_known = redis.register_script(IF_KNOWN)

    # A front end's side.

    async def remember(self, chat: int, photo: Photo) -> None:
        """Keep a photo that came in. Again is harmless: what a worker added since stays."""
        facts: Any = {name: getattr(photo, name) for name in FACTS}
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(_photo(chat, photo.id), mapping=facts)
            pipe.zadd(_photos(chat), {photo.id: photo.created_ms})
            pipe.hset(_messages(chat), photo.id, photo.id)
            await pipe.execute()

    async def link(self, chat: int, message_id: int | str, photo: str) -> None:
        """From now on a reply to `message_id` is about `photo`."""
        await self._redis.hset(_messages(chat), str(message_id), photo)

    async def photo_of(self, chat: int, message_id: int | str) -> str | None:
        """The id of the photo that a message is about."""
        found: Any = await self._redis.hget(_messages(chat), str(message_id))
        return found.decode() if found else None

    async def get(self, chat: int, photo: str) -> Photo | None:
        """The photo with this id, if the chat has one."""
        return _as_photo(photo, await self._redis.hmget(_photo(chat, photo), FIELDS))

    async def latest(self, chat: int, sender: int | None = None) -> Photo | None:
        """The newest photo of the chat, or of one person in it."""
        start = 0
        while ids := await self._redis.zrevrange(_photos(chat), start, start + PAGE - 1):
            for photo in sorted(await self._photos(chat, ids), key=_came, reverse=True):
                if sender is None or photo.sender == sender:
                    return photo
            start += PAGE
        return None

    async def turns(self, chat: int, photo: str, last: int = 3) -> list[Turn]:
        """The last questions about a photo and their answers, oldest first."""
        rows: Any = await self._redis.hvals(_turns(chat, photo))
        told = sorted((msgspec.msgpack.decode(row, type=_Told) for row in rows), key=lambda turn: turn.at_ms)
        return [Turn(question=turn.question, answer=turn.answer) for turn in told[-last:]]

    async def tokens_alive(self, chat: int, photo: str) -> bool:
        """Whether the photo's query tokens are still there."""
        return bool(await self._redis.exists(_tokens(chat, photo)))

    # A worker's side: each returns whether the photo is still known.

    async def describe(self, chat: int, photo: str, *, caption: str, revision: str) -> bool:
        """Add the caption that a model gave."""
        key = _photo(chat, photo)
        return await self._write(chat, photo, "HSET", key, "caption", caption, "revision", revision)

    async def keep_vectors(self, chat: int, photo: str, vectors: Array) -> bool:
        """Add what a search compares with. [Q, E]"""
        encoded = msgspec.msgpack.encode(vectors)
        return await self._write(chat, photo, "HSET", _photo(chat, photo), "vectors", encoded)

    async def keep_tokens(self, chat: int, photo: str, tokens: Array) -> bool:
        """Keep query tokens for the next question. [Q, D]"""
        encoded = msgspec.msgpack.encode(tokens)
        return await self._write(chat, photo, "SET", _tokens(chat, photo), encoded, "EX", self._tokens_ttl_s)

    async def add_turn(self, chat: int, photo: str, *, job: str, turn: Turn, at_ms: int) -> bool:
        """Add a question and its answer; the same job's turn replaces itself."""
        told = msgspec.msgpack.encode(_Told(question=turn.question, answer=turn.answer, at_ms=at_ms))
        return await self._write(chat, photo, "HSET", _turns(chat, photo), job, told)

    async def tokens(self, chat: int, photo: str) -> Array | None:
        """The photo's query tokens, if they are still there; they now live for a full TTL again. [Q, D]"""
        return _as_array(await self._redis.getex(_tokens(chat, photo), ex=self._tokens_ttl_s))

    async def vectors(self, chat: int, photo: str) -> Array | None:
        """The photo's search vectors, if a worker has added them. [Q, E]"""
        return _as_array(await self._redis.hget(_photo(chat, photo), "vectors"))

    async def _write(self, chat: int, photo: str, command: str, key: str, *args: bytes | str | int) -> bool:
        return bool(await self._if_known(keys=[_photo(chat, photo), key], args=[command, *args]))

    async def _photos(self, chat: int, ids: Any) -> list[Photo]:
        names = [id.decode() for id in ids]
        async with self._redis.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.hmget(_photo(chat, name), FIELDS)
            rows = await pipe.execute()
        found = (_as_photo(name, row) for name, row in zip(names, rows, strict=True))
        return [photo for photo in found if photo]


def _came(photo: Photo) -> tuple[int, int, str]:
    # Clocks of front ends count whole seconds: within one, the message ids tell, and 1000 comes after 999.
    return photo.created_ms // 1000, len(photo.id), photo.id


def _photo(chat: int, photo: str) -> str:
    return f"photo:{{{chat}}}:{photo}"


def _photos(chat: int) -> str:
    return f"photos:{{{chat}}}"


def _messages(chat: int) -> str:
    return f"messages:{{{chat}}}"


def _turns(chat: int, photo: str) -> str:
    return f"turns:{{{chat}}}:{photo}"


def _tokens(chat: int, photo: str) -> str:
    return f"tokens:{{{chat}}}:{photo}"


def _as_photo(id: str, row: Any) -> Photo | None:
    told: dict[str, Any] = {name: value.decode() for name, value in zip(FIELDS, row, strict=True) if value}
    return msgspec.convert({"id": id, **told}, Photo, strict=False) if "file_id" in told else None


def _as_array(data: Any) -> Array | None:
    return msgspec.msgpack.decode(data, type=Array) if data else None
