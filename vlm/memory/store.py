"""What the parts of the memory share: the connection, and writes that follow a group that was migrated."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from redis.asyncio import Redis

from vlm import keys
from vlm.keys import Key
from vlm.memory import scripts

TOKENS_TTL_S: Final = 7 * 24 * 3600
PAGE: Final = 100  # photos in one round trip: with vectors 2 MB, so that other clients do not wait long
IDS_A_SECOND: Final = 1_000_000  # photos of one second are told apart by this much of their message ids


class ChatStore:
    """The Redis connection of the memory.

    chat_keys     further keys of each chat that are removed when the chat is forgotten or migrated
    tokens_ttl_s  how long query tokens are kept after their last use
    """

    def __init__(
        self, redis: Redis, *, tokens_ttl_s: int = TOKENS_TTL_S, chat_keys: Sequence[Key] = ()
    ) -> None:
        self._redis = redis
        self._tokens_ttl_s = tokens_ttl_s
        self._chat_keys = (keys.MESSAGES, keys.CHANGES, keys.PREFERENCES, *chat_keys)
        self._remember = redis.register_script(scripts.REMEMBER)
        self._link = redis.register_script(scripts.LINK)
        self._write_script = redis.register_script(scripts.WRITE)
        self._find_photos = redis.register_script(scripts.FIND_PHOTOS)
        self._read_searchable = redis.register_script(scripts.SEARCHABLE)
        self._find_sender = redis.register_script(scripts.SENDER_NAMED)
        self._drop_script = redis.register_script(scripts.DROP)
        self._clear = redis.register_script(scripts.CLEAR)
        self._adopt_script = redis.register_script(scripts.ADOPT)

    async def migrated_to(self, chat: int) -> int | None:
        """The supergroup that this group became within the last day, if it did."""
        supergroup: Any = await self._redis.get(keys.MIGRATED(chat=chat))
        return int(supergroup) if supergroup else None

    async def _write(
        self,
        chat: int,
        photo: str,
        key: str,
        command: str,
        *args: bytes | str | int,
        changes_search: bool = False,
    ) -> bool:
        """Write to `key` (a name in `scripts.NAMES`) of a photo that exists. False: it does not exist.

        `changes_search`: a search reads this, so the chat gets a new version.
        """
        written = await self._write_script(
            keys=scripts.script_keys(chat, photo),
            args=[photo, int(changes_search), scripts.NAMES.index(key) + 1, command, *args],
        )
        if written:
            return True
        supergroup = await self.migrated_to(chat)
        return supergroup is not None and await self._write(
            supergroup, migrated_id(photo), key, command, *args, changes_search=changes_search
        )


def migrated_id(id: str) -> str:
    """The id that a group's photo or message has in the supergroup, which numbers its own messages anew."""
    return f"g{id}"


def sort_score(id: str, created_ms: int) -> int:
    """The score of a photo in `photos`: times are whole seconds, and within one the ids decide."""
    digits = re.sub("[^0-9]", "", id)[-6:]
    return created_ms // 1000 * IDS_A_SECOND + int(digits or 0)  # exact in a double until the year 2255


def decoded_ids(members: Any) -> list[str]:
    """The ids in a Redis reply."""
    return [id.decode() for id in members]


def pages(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """`ids` in pages of PAGE."""
    return (ids[start : start + PAGE] for start in range(0, len(ids), PAGE))
