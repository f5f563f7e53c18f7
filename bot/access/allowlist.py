"""Who may use the bot, by BOT_ACCESS:

    open      everyone
    list      the owner, the admins, and the people and groups of BOT_ALLOWED
    invite    these, whoever came by an invitation, and the groups to which one of them has added the bot

    {afterimage}:guests:ACCESS    set: ids of people and groups that were let in
    {afterimage}:invite:HASH      an invitation that nobody has used yet; ends after INVITATION_DAYS

A group is one guest: whoever writes there, may. The server keeps an invitation's hash, not its link.
"""

import hashlib
import secrets
from typing import Final

from redis.asyncio import Redis

from bot.settings import Settings

SPACE: Final = "{afterimage}:"
INVITATION_DAYS: Final = 7
TOKEN_BYTES: Final = 24

# KEYS invitation, guests; ARGV who. In one step: two who come at once are not both let in.
REDEEM: Final = """
if redis.call('DEL', KEYS[1]) == 0 then return 0 end
redis.call('SADD', KEYS[2], ARGV[1])
return 1
"""


class Allowlist:
    def __init__(self, settings: Settings, redis: Redis) -> None:
        self.access = settings.access
        self._hosts = settings.hosts
        self._listed = settings.hosts | settings.guests
        self._redis = redis
        self._redeem = redis.register_script(REDEEM)
        self._key = f"{SPACE}guests:{self.access}"

    def is_bot_admin(self, person: int) -> bool:
        """Whether this is the owner of the bot, or one of its admins."""
        return person in self._hosts

    async def admits(self, *ids: int) -> bool:
        """Whether one of these people and chats may use the bot."""
        if self.access == "open" or not self._listed.isdisjoint(ids):
            return True
        return any(await self._redis.smismember(self._key, [str(one) for one in ids]))

    async def invite(self) -> str:
        """A new invitation: a word that lets in the first who brings it."""
        word = secrets.token_urlsafe(TOKEN_BYTES)
        await self._redis.set(_invitation(word), "", ex=INVITATION_DAYS * 24 * 3600)
        return word

    async def redeem(self, word: str, person: int) -> bool:
        """Let a person in who brings an invitation. False: it is none, or not any more."""
        return bool(await self._redeem(keys=[_invitation(word), self._key], args=[person]))

    def is_listed(self, id: int) -> bool:
        """Whether a person or group may come in by the settings."""
        return id in self._listed

    async def all(self) -> list[int]:
        """The people and groups that were let in besides."""
        return sorted(int(one) for one in await self._redis.smembers(self._key))

    async def revoke(self, id: int) -> bool:
        """Let a person or group in no longer. False: it was not let in."""
        return bool(await self._redis.srem(self._key, str(id)))

    async def brought(self, group: int) -> None:
        """Somebody who may has added the bot to a group."""
        if self.access == "invite":
            await self._redis.sadd(self._key, str(group))

    async def moved(self, old: int, new: int) -> None:
        """A group is let in under its new id too. Again is harmless."""
        if self.access != "open" and await self.admits(old):
            await self._redis.sadd(self._key, str(new))


def _invitation(word: str) -> str:
    return f"{SPACE}invite:{hashlib.sha256(word.encode()).hexdigest()}"
