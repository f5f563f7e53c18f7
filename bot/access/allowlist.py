"""Who may use the bot, by BOT_ACCESS:

    open      everyone
    list      the owner, the admins, and the people and groups of BOT_ALLOWED
    invite    these, invited people, and the groups to which one of them has added the bot

    bot.state.keys.ALLOWLIST    set: ids of people and groups that were let in
    bot.state.keys.INVITATION   an unused invitation; expires after INVITATION_DAYS

Everyone in an allowed group may use the bot there. Of an invitation, only the hash is stored, not the link.
"""

import hashlib
import secrets
from typing import Final

from redis.asyncio import Redis

from bot.settings import Settings
from bot.state import keys

INVITATION_DAYS: Final = 7
TOKEN_BYTES: Final = 24

# KEYS invitation, allowlist; ARGV user. In one step: of two users who come at once, one is let in.
REDEEM: Final = """
if redis.call('DEL', KEYS[1]) == 0 then return 0 end
redis.call('SADD', KEYS[2], ARGV[1])
return 1
"""


class Allowlist:
    def __init__(self, settings: Settings, redis: Redis) -> None:
        self.access = settings.access
        self._bot_admins = settings.bot_admins
        self._listed = settings.bot_admins | settings.allowed_ids
        self._redis = redis
        self._redeem_script = redis.register_script(REDEEM)
        self._key = keys.ALLOWLIST(access=self.access)

    def is_bot_admin(self, user: int) -> bool:
        """Whether the user is the owner of the bot, or one of its admins."""
        return user in self._bot_admins

    def is_listed(self, id: int) -> bool:
        """Whether the settings allow a person or group."""
        return id in self._listed

    async def allows(self, *ids: int) -> bool:
        """Whether one of these people and chats may use the bot."""
        if self.access == "open" or not self._listed.isdisjoint(ids):
            return True
        return any(await self._redis.smismember(self._key, [str(id) for id in ids]))

    async def invite(self) -> str:
        """The token of a new invitation, which lets in the first person who brings it."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        await self._redis.set(_invitation(token), "", ex=INVITATION_DAYS * 24 * 3600)
        return token

    async def redeem(self, token: str, user: int) -> bool:
        """Let in a user who brings an invitation. False: it is unknown, used or too old."""
        return bool(await self._redeem_script(keys=[_invitation(token), self._key], args=[user]))

    async def invited(self) -> list[int]:
        """The people and groups that were let in, without those of the settings."""
        return sorted(int(id) for id in await self._redis.smembers(self._key))

    async def revoke(self, id: int) -> bool:
        """Take back what an invitation gave. False: the person or group had none."""
        return bool(await self._redis.srem(self._key, str(id)))

    async def add_group(self, group: int) -> None:
        """Let in a group to which an allowed person has added the bot."""
        if self.access == "invite":
            await self._redis.sadd(self._key, str(group))

    async def migrate(self, old: int, new: int) -> None:
        """Let in a group under its new id, too. Again is harmless."""
        if self.access != "open" and await self.allows(old):
            await self._redis.sadd(self._key, str(new))


def _invitation(token: str) -> str:
    return keys.INVITATION(hash=hashlib.sha256(token.encode()).hexdigest())
