"""/stats: how the bot does, for its owner and its admins."""

from bot.access.allowlist import Guests
from bot.replies import access, stats
from bot.state.job_stats import HOURS, Tally, figures
from bot.talk import Talk
from bot.transport.outbox import Outbox
from vlm.queue.client import Client


class Stats:
    def __init__(self, client: Client, outbox: Outbox, guests: Guests, tally: Tally) -> None:
        self._client = client
        self._outbox = outbox
        self._guests = guests
        self._tally = tally

    async def show(self, talk: Talk) -> None:
        """The line, the workers, how long things take, what is remembered, and what failed."""
        _ = talk.tongue
        if not self._guests.is_host(talk.person):
            reply = access.hosts_only(_)
        elif talk.chat != talk.person:
            reply = access.in_private(_)
        else:
            reply = await self._numbers(talk)
        await self._outbox.say(talk.place, reply)

    async def _numbers(self, talk: Talk) -> str:
        _, client = talk.tongue, self._client
        photos, chats = await client.memory.totals()
        lines = [
            stats.queue(_, await client.open_jobs()),
            stats.workers(_, await client.models()),
            stats.work(_, figures(await self._tally.recent()), HOURS),
            stats.remembered(_, photos, chats),
        ]
        return "\n\n".join(lines)
