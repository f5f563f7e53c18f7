"""A chat's preferences."""

from typing import Any, Final

import msgspec

from vlm import keys
from vlm.memory.store import ChatStore
from vlm.protocol import Style


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """How the bot speaks to a chat.

    language  a tag as Telegram has them; '': not chosen yet
    auto      in a group: whether photos are described unasked
    """

    language: str = ""
    style: Style = "normal"
    auto: bool = False


FIELDS: Final = tuple(field.name for field in msgspec.structs.fields(Preferences))


class PreferenceStore(ChatStore):
    """Reads and changes preferences."""

    async def preferences(self, chat: int) -> Preferences:
        """The chat's preferences; defaults for what it has not chosen."""
        return _decode(await self._redis.hmget(keys.PREFERENCES(chat=chat), FIELDS))

    async def prefer(self, chat: int, **changes: Any) -> Preferences:
        """Change some preferences; all of them as they are then.

        Raises TypeError for an unknown name, msgspec.ValidationError for a value that is not allowed.
        """
        changed = msgspec.structs.replace(await self.preferences(chat), **changes)
        preferences = msgspec.convert(msgspec.to_builtins(changed), Preferences)
        fields: Any = {name: _encode(getattr(preferences, name)) for name in changes}
        if fields:
            await self._redis.hset(keys.PREFERENCES(chat=chat), mapping=fields)
        return preferences


def _decode(row: Any) -> Preferences:
    """The preferences in a row of FIELDS. A value that this version does not know counts as not chosen."""
    preferences = Preferences()
    for name, value in zip(FIELDS, row, strict=True):
        if value is not None:
            fields = {**msgspec.to_builtins(preferences), name: value.decode()}
            try:
                preferences = msgspec.convert(fields, Preferences, strict=False)
            except msgspec.ValidationError:
                continue
    return preferences


def _encode(value: str | bool) -> str | int:
    return value if isinstance(value, str) else int(value)
