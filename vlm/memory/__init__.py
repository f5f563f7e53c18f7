"""What the chats remember, in Redis: photos, turns, preferences. The keys are listed in `vlm.keys`.

Every write is an upsert by a key that the caller carries. Only a front end brings a photo in;
everything else is written to photos that exist, so that what was forgotten stays forgotten. No
picture is kept: Telegram has it, and `file_id` brings it back. Arrays are bytes and a shape: no
numpy here. What is kept for how long, and why: docs/memory.md.
"""

from vlm.memory.lifecycle import Lifecycle
from vlm.memory.listing import Searchable
from vlm.memory.photos import Array, Photo, Photos
from vlm.memory.preferences import Preferences, PreferenceStore
from vlm.memory.store import migrated_id
from vlm.memory.turns import Turns

__all__ = ["Array", "Memory", "Photo", "Preferences", "Searchable", "migrated_id"]


class Memory(Photos, Turns, PreferenceStore, Lifecycle):
    """The memory of all chats. Every method names the chat it is about, and reads no other.

    What was forgotten is never written again: such methods return False.
    Raises redis' own errors when the server is unavailable.
    """
