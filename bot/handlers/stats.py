"""/stats: how the bot does, for its owner and its admins."""

from bot.access.allowlist import Allowlist
from bot.replies import access, stats
from bot.state.job_stats import HOURS, JobStats, figures
from bot.talk import Talk
from bot.transport.outbox import Outbox
from vlm.queue.client import Client


class Stats:
    def __init__(self, client: Client, outbox: Outbox, guests: Allowlist, tally: JobStats) -> None:
        self._client = client
        self._outbox = outbox
        self._guests = guests
        self._tally = tally

    async def show(self, talk: Talk) -> None:
        """The line, the workers, how long things take, what is remembered, and what failed."""
        t = talk.t
        if not self._guests.is_bot_admin(talk.person):
            reply = access.hosts_only(t)
        elif talk.chat != talk.person:
            reply = access.in_private(t)
        else:
            reply = await self._numbers(talk)
        await self._outbox.say(talk.place, reply)

    async def _numbers(self, talk: Talk) -> str:
        t, client = talk.t, self._client
        photos, chats = await client.memory.totals()
        lines = [
            stats.queue(t, await client.open_jobs()),
            stats.workers(t, await client.models()),
            stats.work(t, figures(await self._tally.recent()), HOURS),
            stats.remembered(t, photos, chats),
        ]
        return "\n\n".join(lines)
