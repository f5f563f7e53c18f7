"""One photo: what is known of it, and how it is written and read."""

from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec

from vlm import keys
from vlm.memory.scripts import script_keys
from vlm.memory.store import ChatStore, migrated_id, sort_score

Kind = Literal["photo", "document", "sticker"]


class Photo(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename={"correction": "corrected", "localized_caption": "shown", "used_captions": "given"},
):
    """What is known of a photo; '' for what is not known. In Redis, fields have the names in `rename`.

    kind               what `file_id` names: the photo can be sent again only as that
    topic              of a forum; 0 elsewhere
    arrival_us         when its message arrived, by the Redis server's clock; unique. 0: not known
    sender_name        the sender's full name, and '@ada' if there is a username
    caption            the model's, in English; `revision` is the model's
    localized_caption  the same in `language`, as the chat saw it
    correction         the owner's caption: it counts, whatever a model says later
    note               what the owner wrote with the photo
    used_captions      every English caption it has had, one a line; '' while there was only one
    """

    id: str
    file_id: str
    file_unique_id: str = ""
    kind: Kind = "photo"
    sender: int = 0
    sender_name: str = ""
    created_ms: int
    topic: int = 0
    arrival_us: int = 0
    caption: str = ""
    revision: str = ""
    localized_caption: str = ""
    language: str = ""
    correction: str = ""
    note: str = ""
    used_captions: str = ""

    @property
    def text(self) -> str:
        """What a search reads: the correction or else the caption, and the note, each on its own line."""
        return "\n".join(text for text in (self.correction or self.caption, self.note) if text)


class Array(msgspec.Struct, frozen=True, kw_only=True):
    """An fp16 array, row by row, and the revision of its model: arrays of two revisions never mix."""

    data: bytes
    shape: tuple[int, ...]
    revision: str


# Fields in Redis: those of the message that brought the photo, and texts about it.
FACTS: Final = (
    "file_id", "file_unique_id", "kind", "sender", "sender_name", "created_ms", "topic", "arrival_us",
)  # fmt: skip
TEXTS: Final = ("caption", "revision", "shown", "language", "corrected", "note", "given")
FIELDS: Final = (*FACTS, *TEXTS)


class Photos(ChatStore):
    """Writes and reads of one photo. What was forgotten is never written again: such methods return False."""

    async def remember(self, chat: int, photo: Photo) -> bool:
        """Store a photo that arrived. Repeating it is harmless: texts that are there already stay.

        False: the photo was forgotten within the last day, and a late update must not bring it back.
        """
        fields = msgspec.to_builtins(photo)
        facts = [part for name in FACTS for part in (name, fields[name])]
        texts = [part for name in TEXTS if (text := fields[name]) for part in (name, text)]
        score = sort_score(photo.id, photo.created_ms)
        verdict = await self._remember(
            keys=script_keys(chat, photo.id), args=[photo.id, score, len(facts), *facts, *texts]
        )
        if verdict == -1 and (supergroup := await self.migrated_to(chat)):
            return await self.remember(supergroup, msgspec.structs.replace(photo, id=migrated_id(photo.id)))
        return bool(verdict == 1)

    async def link(self, chat: int, message_id: int | str, photo: str) -> bool:
        """From now on, a reply to `message_id` is about `photo`."""
        if await self._link(keys=script_keys(chat, photo), args=[photo, str(message_id)]):
            return True
        supergroup = await self.migrated_to(chat)
        return supergroup is not None and await self.link(supergroup, message_id, migrated_id(photo))

    async def photo_of(self, chat: int, message_id: int | str) -> str | None:
        """The id of the photo that a message is about."""
        photo: Any = await self._redis.hget(keys.MESSAGES(chat=chat), str(message_id))
        return photo.decode() if photo else None

    async def get(self, chat: int, photo: str) -> Photo | None:
        """The photo with this id, if the chat has one."""
        return decode_photo(photo, await self._redis.hmget(keys.PHOTO(chat=chat, photo=photo), FIELDS))

    async def set_correction(self, chat: int, photo: str, text: str) -> bool:
        """The owner's caption, which counts from now on; '': the model's counts again."""
        return await self._write(chat, photo, "photo", "HSET", "corrected", text, changes_search=True)

    async def set_note(self, chat: int, photo: str, note: str) -> bool:
        """What the owner wrote with the photo; '': nothing."""
        return await self._write(chat, photo, "photo", "HSET", "note", note, changes_search=True)

    async def set_used_captions(self, chat: int, photo: str, captions: Sequence[str]) -> bool:
        """Every English caption that the photo has had: another wording must be a new one."""
        return await self._write(chat, photo, "photo", "HSET", "given", "\n".join(captions))

    async def set_caption(
        self,
        chat: int,
        photo: str,
        *,
        caption: str,
        revision: str,
        localized_caption: str = "",
        language: str = "",
    ) -> bool:
        """A model's caption, in English and as the chat saw it."""
        texts = ("caption", caption, "revision", revision, "shown", localized_caption, "language", language)
        return await self._write(chat, photo, "photo", "HSET", *texts, changes_search=True)

    async def store_vectors(self, chat: int, photo: str, vectors: Array) -> bool:
        """The vectors that a search compares. [Q, E]"""
        encoded = msgspec.msgpack.encode(vectors)
        return await self._write(chat, photo, "photo", "HSET", "vectors", encoded, changes_search=True)

    async def vectors(self, chat: int, photo: str) -> Array | None:
        """The photo's search vectors, if a worker has stored them. [Q, E]"""
        return decode_array(await self._redis.hget(keys.PHOTO(chat=chat, photo=photo), "vectors"))

    async def store_tokens(self, chat: int, photo: str, tokens: Array) -> bool:
        """Query tokens, for the next question. [Q, D]"""
        encoded = msgspec.msgpack.encode(tokens)
        return await self._write(chat, photo, "tokens", "SET", encoded, "EX", self._tokens_ttl_s)

    async def tokens(self, chat: int, photo: str) -> Array | None:
        """The photo's query tokens, if they are still there; they then live for a full TTL again. [Q, D]"""
        key = keys.TOKENS(chat=chat, photo=photo)
        return decode_array(await self._redis.getex(key, ex=self._tokens_ttl_s))

    async def tokens_alive(self, chat: int, photo: str) -> bool:
        """Whether the photo's query tokens are still there."""
        return bool(await self._redis.exists(keys.TOKENS(chat=chat, photo=photo)))


def decode_photo(id: str, row: Any) -> Photo | None:
    """The photo in a row of FIELDS; None if there is none."""
    fields: dict[str, Any] = {name: value.decode() for name, value in zip(FIELDS, row, strict=True) if value}
    return msgspec.convert({"id": id, **fields}, Photo, strict=False) if "file_id" in fields else None


def decode_array(data: Any) -> Array | None:
    """The array in a value; None for none."""
    return msgspec.msgpack.decode(data, type=Array) if data else None
