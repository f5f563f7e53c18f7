"""Every key of a much-used server is registered, with its type, and `/forget all` leaves only what stays."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from string import Formatter
from typing import Any, Final

from redis import Redis
from support.bot_stack import Stack
from support.conversation import Conversation, Step
from support.scenario import (
    ADA,
    AFTER_A_CRASH,
    ALBUMS_AND_FILES,
    ASKING,
    BOT,
    COMING_IN,
    FINDING,
    IN_A_GROUP,
    KEEPING,
    LANGUAGES,
    cast,
)

from bot.state import keys as bot_keys
from vlm import keys
from vlm.keys import Key

REGISTERED: Final = (*keys.KEYS, *bot_keys.KEYS)
SCAN_EVERY_S: Final = 0.02
USE: Final[list[Step]] = [
    *COMING_IN,
    *ASKING,
    *ALBUMS_AND_FILES,
    *AFTER_A_CRASH,
    *FINDING,
    *LANGUAGES,
    *IN_A_GROUP,
    *KEEPING[:-3],  # up to `/forget all`; what follows uses the chat again
]
# Keys that this use certainly writes: the scan saw more than an idle server.
USED: Final = (
    *(keys.JOBS, keys.JOB_STATE, keys.OPEN_JOBS_BY_CHAT, keys.WORKER_NAMES, keys.WORKER, keys.PICTURE),
    *(keys.PHOTOS, keys.PHOTO, keys.LINKS, keys.TURNS, keys.TOKENS, keys.MESSAGES, keys.CHANGES),
    *(keys.PREFERENCES, keys.FORGOTTEN, keys.MIGRATED),
    *(bot_keys.SENT_MESSAGES, bot_keys.ALBUMS, bot_keys.PENDING_EDITS, bot_keys.ALLOWLIST),
    *(bot_keys.INVITATION, bot_keys.UPDATE_SEEN, bot_keys.OFFSET, bot_keys.POLLER, bot_keys.JOB_STATS),
)


def test_every_key_is_registered_and_a_forgotten_chat_leaves_only_what_stays(own_stack: Stack) -> None:
    own_stack.start_all(**BOT)
    conversation = Conversation(own_stack, cast(own_stack), BOT)
    redis: Redis = Redis.from_url(own_stack.server.url, decode_responses=True)
    with redis, scanned(own_stack.server.url) as types:
        for step in USE:
            conversation.play(step)
        left = types_of(redis)
    types |= left

    unknown = {name: type for name, type in types.items() if len(kinds(name)) != 1}
    assert unknown == {}
    assert {name: type for name, type in types.items() if kinds(name)[0].type != type} == {}
    assert [key.pattern for key in USED if not any(key.matches(name) for name in types)] == []

    of_ada = [name for name in left if f"{{{ADA}}}" in name]
    removed = {name for name in of_ada if kinds(name)[0].forget != "never"}
    assert removed == set()


@contextmanager
def scanned(url: str) -> Iterator[dict[str, str]]:
    """The type of each key that a scan sees in the meantime; one that lives for milliseconds may escape."""
    types: dict[str, str] = {}
    ended = threading.Event()

    def scan() -> None:
        with Redis.from_url(url, decode_responses=True) as redis:
            while not ended.wait(SCAN_EVERY_S):
                types.update(types_of(redis))

    thread = threading.Thread(target=scan)
    thread.start()
    try:
        yield types
    finally:
        ended.set()
        thread.join()


def types_of(redis: Any) -> dict[str, str]:
    """The Redis type of each key."""
    names = list(redis.scan_iter(count=1000))
    with redis.pipeline(transaction=False) as pipe:
        for name in names:
            pipe.type(name)
        return {name: type for name, type in zip(names, pipe.execute(), strict=True) if type != "none"}


def kinds(name: str) -> list[Key]:
    """The registered keys that a key on the server may be."""
    return [key for key in REGISTERED if key.matches(name)]


def test_no_key_of_one_kind_could_be_of_another() -> None:
    parts = dict.fromkeys({part for key in REGISTERED for part in parts_of(key)}, "5")
    for key in REGISTERED:
        assert kinds(key(**parts)) == [key]


def parts_of(key: Key) -> list[str]:
    return [part for _, part, _, _ in Formatter().parse(key.pattern) if part]
