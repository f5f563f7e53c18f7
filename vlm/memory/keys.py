"""The names of a chat's keys, and the order of its photos. What they hold is drawn in `vlm.memory`."""

import re
from typing import Final

GONE_TTL_S: Final = 24 * 3600  # how long a late or repeated update could still bring back what is gone

# What goes with a whole chat at once; from `said` on, they are notes of the bot: ids of messages and admins.
WHOLE: Final = ("messages", "changes", "chat", "said", "prompts", "admins", "called", "albums")

# What every script on one photo is given as KEYS, in this order; the same names are its variables.
OF_PHOTO: Final = ("photo", "links", "turns", "tokens")
OF_CHAT: Final = ("photos", "messages", "changes", "forgotten", "moved")
NAMES: Final = (*OF_PHOTO, *OF_CHAT)
KEYS: Final = f"local {', '.join(NAMES)} = unpack(KEYS)\n"

IDS: Final = 1_000_000  # photos of one second are told apart by so much of their message ids


def of_photo(kind: str, chat: int, photo: str) -> str:
    """A key that one photo has: photo, turns, tokens, links."""
    return f"{kind}:{{{chat}}}:{photo}"


def chat_of(key: bytes) -> int:
    """Whose key it is; 0: nobody's."""
    found = re.search(rb"\{(-?\d+)\}", key)
    return int(found[1]) if found else 0


def of_chat(kind: str, chat: int) -> str:
    """A key that a chat has once."""
    return f"{kind}:{{{chat}}}"


def keys_of(chat: int, photo: str) -> list[str]:
    """All that is kept under a photo's own name."""
    return [of_photo(kind, chat, photo) for kind in OF_PHOTO]


def script_keys(chat: int, photo: str) -> list[str]:
    """`KEYS` of the scripts."""
    return [*keys_of(chat, photo), *(of_chat(kind, chat) for kind in OF_CHAT)]


def blob_key(chat: int, job: str) -> str:
    """Where a picture waits for the worker."""
    return f"blob:{{{chat}}}:{job}"


def former(id: str) -> str:
    """The id that a group's photo or message has in the supergroup, which numbers its own anew."""
    return f"g{id}"


def place(id: str, created_ms: int) -> int:
    """Where a photo stands in `photos`: front ends' clocks count whole seconds, within one the ids tell."""
    digits = re.sub("[^0-9]", "", id)[-6:]
    return created_ms // 1000 * IDS + int(digits or 0)  # exact in a double until the year 2255
