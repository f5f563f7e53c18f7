"""`Memory`: what a front end and a worker may read and write of a chat."""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Final

import msgspec
from redis.asyncio import Redis

from vlm.memory import scripts
from vlm.memory.forgetting import Forgetting
from vlm.memory.keys import NAMES, chat_of, former, of_chat, of_photo, place, script_keys
from vlm.memory.listing import Listing
from vlm.memory.moving import Moving, new_home
from vlm.memory.records import (
    FACTS,
    FIELDS,
    WISHES,
    WORDS,
    Array,
    Photo,
    Preferences,
    Searchable,
    Told,
    as_array,
    as_ids,
    as_photo,
    as_preferences,
    as_turns,
)
from vlm.protocol import Turn

TOKENS_TTL_S: Final = 7 * 24 * 3600
PAGE: Final = 100  # photos in one round trip: with vectors 2 MB, so that nobody else waits long


class Memory:
    """The photo memory of all chats. Every method names the chat it is about, and reads no other.

    What is forgotten is written to no more: such methods return False.
    Raises redis' own errors when the server is away.
    """

    def __init__(self, redis: Redis, *, tokens_ttl_s: int = TOKENS_TTL_S) -> None:
        self._redis = redis
        self._tokens_ttl_s = tokens_ttl_s
        self._remember = redis.register_script(scripts.REMEMBER)
        self._link = redis.register_script(scripts.LINK)
        self._write_script = redis.register_script(scripts.WRITE)
        self._listing = Listing(redis)
        self._forgetting = Forgetting(redis)
        self._moving = Moving(redis)

    # A front end's side.

    async def remember(self, chat: int, photo: Photo) -> bool:
        """Keep a photo that came in. Again is harmless: words that are there already stay.

        False: it was forgotten within the last day, and an update that comes late must not bring it back.
        """
        facts = [part for name in FACTS for part in (name, getattr(photo, name))]
        words = [part for name in WORDS if (said := getattr(photo, name)) for part in (name, said)]
        where = place(photo.id, photo.created_ms)
        verdict = await self._remember(
            keys=script_keys(chat, photo.id), args=[photo.id, where, len(facts), *facts, *words]
        )
        if verdict == -1 and (home := await new_home(self._redis, chat)):
            return await self.remember(home, msgspec.structs.replace(photo, id=former(photo.id)))
        return bool(verdict == 1)

    async def link(self, chat: int, message_id: int | str, photo: str) -> bool:
        """From now on a reply to `message_id` is about `photo`."""
        if await self._link(keys=script_keys(chat, photo), args=[photo, str(message_id)]):
            return True
        home = await new_home(self._redis, chat)
        return home is not None and await self.link(home, message_id, former(photo))

    async def correct(self, chat: int, photo: str, text: str) -> bool:
        """The owner's wording, which counts from now on; '': the model's again."""
        return await self._write(chat, photo, "photo", "HSET", "corrected", text, seen=True)

    async def annotate(self, chat: int, photo: str, note: str) -> bool:
        """What the owner wrote with the photo; '': nothing."""
        return await self._write(chat, photo, "photo", "HSET", "note", note, seen=True)

    async def reworded(self, chat: int, photo: str, given: Sequence[str]) -> bool:
        """All English wordings that a caption has had: the next one wanted is another."""
        return await self._write(chat, photo, "photo", "HSET", "given", "\n".join(given))

    async def photo_of(self, chat: int, message_id: int | str) -> str | None:
        """The id of the photo that a message is about."""
        found: Any = await self._redis.hget(of_chat("messages", chat), str(message_id))
        return found.decode() if found else None

    async def get(self, chat: int, photo: str) -> Photo | None:
        """The photo with this id, if the chat has one."""
        return as_photo(photo, await self._redis.hmget(of_photo("photo", chat, photo), FIELDS))

    async def latest(self, chat: int, sender: int | None = None, topic: int | None = None) -> Photo | None:
        """The newest photo of the chat, or of one person, or one topic, in it."""
        newest = await self.recent(chat, 1, sender=sender, topic=topic)
        return newest[0] if newest else None

    async def recent(
        self,
        chat: int,
        count: int,
        before: str | None = None,
        *,
        since_ms: int = 0,
        until_ms: int = 0,
        sender: int | None = None,
        topic: int | None = None,
    ) -> list[Photo]:
        """The newest photos, or the next older ones than the photo `before`; none if that is forgotten.

        Only those that came in the seconds from `since_ms` on and before `until_ms`; 0: whenever.
        """
        return await self._listing.recent(chat, count, before, since_ms, until_ms, sender, topic)

    async def sender_named(self, chat: int, name: str) -> int | None:
        """Who of those that sent photos is called so: '@ada', in any case; whoever sent the newest."""
        return await self._listing.sender_named(chat, name)

    async def count(self, chat: int) -> int:
        """How many photos the chat has."""
        return int(await self._redis.zcard(of_chat("photos", chat)))

    async def totals(self) -> tuple[int, int]:
        """How many photos are remembered, and of how many chats. Looks through all keys: for now and then."""
        counts = [
            await self._redis.zcard(key) async for key in self._redis.scan_iter("photos:{*}", count=500)
        ]
        return sum(counts), len(counts)

    async def turns(self, chat: int, photo: str, last: int = 3) -> list[Turn]:
        """The last questions about a photo and their answers, oldest first."""
        rows: Any = await self._redis.hvals(of_photo("turns", chat, photo))
        return as_turns(rows)[-last:]

    async def told(self, chat: int, photo: str, job: str) -> Told | None:
        """What one job answered."""
        row: Any = await self._redis.hget(of_photo("turns", chat, photo), job)
        return msgspec.msgpack.decode(row, type=Told) if row else None

    async def tokens_alive(self, chat: int, photo: str) -> bool:
        """Whether the photo's query tokens are still there."""
        return bool(await self._redis.exists(of_photo("tokens", chat, photo)))

    async def preferences(self, chat: int) -> Preferences:
        """How the chat wants it."""
        return as_preferences(await self._redis.hmget(of_chat("chat", chat), WISHES))

    async def prefer(self, chat: int, **changes: Any) -> Preferences:
        """Change some preferences; all of them as they are now.

        Raises TypeError for a name that is no preference, msgspec.ValidationError for a value that is none.
        """
        wanted = msgspec.structs.replace(await self.preferences(chat), **changes)
        wishes = msgspec.convert(msgspec.to_builtins(wanted), Preferences)
        told: Any = {name: _plain(getattr(wishes, name)) for name in changes}
        if told:
            await self._redis.hset(of_chat("chat", chat), mapping=told)
        return wishes

    async def everything(self, chat: int) -> AsyncIterator[tuple[Photo, list[Turn]]]:
        """All photos, oldest first, each with all that was asked about it; a page of them at a time."""
        for ids in _pages(await self.ids(chat)):
            photos = await self._listing.photos(chat, ids)
            async with self._redis.pipeline(transaction=False) as pipe:
                for id in ids:
                    pipe.hvals(of_photo("turns", chat, id))
                told = await pipe.execute()
            for photo, rows in zip(photos, told, strict=True):
                if photo:
                    yield photo, as_turns(rows)

    # Forgetting, moving, ageing: what they do and leave behind is told in their modules.

    async def forget(self, chat: int, photo: str) -> bool:
        """Remove a photo and all that belongs to it, at once. False: there was none."""
        return await self._forgetting.forget(chat, photo)

    async def forget_chat(self, chat: int, until_us: int = 0) -> int:
        """Remove all that is known of a chat, its preferences too. How many photos that were.

        Of what came after `until_us`, by the server's clock, nothing; 0: whatever there is.
        """
        return await self._forgetting.forget_chat(chat, until_us)

    async def expire(self, chat: int, before_ms: int) -> int:
        """Remove the photos that came in a second before `before_ms`. How many that were."""
        return await self._forgetting.expire(chat, before_ms)

    async def sweep(self, before_ms: int) -> int:
        """`expire` for every chat, and what an interrupted forgetting left. How many photos that were."""
        return await self._forgetting.sweep(before_ms)

    async def migrate(self, old_chat: int, new_chat: int) -> None:
        """A group became a supergroup, and its memory goes along. Again is harmless.

        The supergroup numbers its messages anew, so the ids of its former photos and messages are
        `former(id)`. What is still being done for the old chat is kept in the new one for a day.
        """
        await self._moving.migrate(old_chat, new_chat)

    async def home(self, chat: int) -> int | None:
        """The supergroup that this group became within the last day, if it did."""
        return await new_home(self._redis, chat)

    # A worker's side.

    async def describe(
        self, chat: int, photo: str, *, caption: str, revision: str, shown: str = "", language: str = ""
    ) -> bool:
        """Add the caption that a model gave, in English and as the chat saw it."""
        words = ("caption", caption, "revision", revision, "shown", shown, "language", language)
        return await self._write(chat, photo, "photo", "HSET", *words, seen=True)

    async def keep_vectors(self, chat: int, photo: str, vectors: Array) -> bool:
        """Add what a search compares with. [Q, E]"""
        encoded = msgspec.msgpack.encode(vectors)
        return await self._write(chat, photo, "photo", "HSET", "vectors", encoded, seen=True)

    async def keep_tokens(self, chat: int, photo: str, tokens: Array) -> bool:
        """Keep query tokens for the next question. [Q, D]"""
        encoded = msgspec.msgpack.encode(tokens)
        return await self._write(chat, photo, "tokens", "SET", encoded, "EX", self._tokens_ttl_s)

    async def add_turn(
        self, chat: int, photo: str, *, job: str, turn: Turn, at_ms: int, shown: str = "", asked: str = ""
    ) -> bool:
        """Add a question and its answer, in English and as the chat saw it. A job has one."""
        told = Told(question=turn.question, answer=turn.answer, at_ms=at_ms, shown=shown, asked=asked)
        return await self._write(chat, photo, "turns", "HSET", job, msgspec.msgpack.encode(told))

    async def tokens(self, chat: int, photo: str) -> Array | None:
        """The photo's query tokens, if they are still there; they now live for a full TTL again. [Q, D]"""
        return as_array(await self._redis.getex(of_photo("tokens", chat, photo), ex=self._tokens_ttl_s))

    async def vectors(self, chat: int, photo: str) -> Array | None:
        """The photo's search vectors, if a worker has added them. [Q, E]"""
        return as_array(await self._redis.hget(of_photo("photo", chat, photo), "vectors"))

    async def edition(self, chat: int) -> int:
        """A number that is another one after every change of what a search sees; 0: the chat has no photo.

        It grows, but for 0. Read it before what it is the edition of.
        """
        return int(await self._redis.zscore(of_chat("changes", chat), "") or 0)

    async def editions(self, chats: Sequence[int]) -> list[int]:
        """The edition of each of these chats."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for chat in chats:
                pipe.zscore(of_chat("changes", chat), "")
            return [int(edition or 0) for edition in await pipe.execute()]

    async def chats(self) -> list[int]:
        """All chats that have photos, the last changed first. Looks through all keys: for now and then."""
        found = list({chat_of(key) async for key in self._redis.scan_iter("changes:{*}", count=500)})
        editions = dict(zip(found, await self.editions(found), strict=True))
        return sorted(found, key=editions.__getitem__, reverse=True)

    async def changed(self, chat: int, since: int) -> list[str]:
        """The photos that came or changed after the edition `since`; those that went are not in `ids`."""
        found = await self._redis.zrangebyscore(of_chat("changes", chat), f"({since}", "+inf")
        return [id for id in as_ids(found) if id]

    async def ids(self, chat: int) -> list[str]:
        """All photos of the chat, oldest first."""
        return as_ids(await self._redis.zrange(of_chat("photos", chat), 0, -1))

    async def searchable(self, chat: int, ids: Sequence[str]) -> list[Searchable]:
        """What a query is compared with, of those of `ids` that the chat has, in their order.

        With BLIP-2's vectors that is 16 KB a photo: ask for as many as you want to hold at a time.
        """
        return [one for page in _pages(ids) for one in await self._listing.searchable(chat, page)]

    async def _write(
        self, chat: int, photo: str, kind: str, command: str, *args: bytes | str | int, seen: bool = False
    ) -> bool:
        """Write to a key of a photo that exists; `seen` by a search, it is a new edition."""
        which = NAMES.index(kind) + 1
        given = [photo, int(seen), which, command, *args]
        if await self._write_script(keys=script_keys(chat, photo), args=given):
            return True
        home = await new_home(self._redis, chat)
        return home is not None and await self._write(home, former(photo), kind, command, *args, seen=seen)


def _plain(wish: str | bool) -> str | int:
    return wish if isinstance(wish, str) else int(wish)


def _pages(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + PAGE] for start in range(0, len(ids), PAGE))
