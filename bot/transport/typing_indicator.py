"""While jobs of a chat are open: '… is typing', and in their placeholders how long the line is.

One task a chat, whatever the number of its jobs. It ends with the last of them, or with this process: then a
placeholder stays as it is until its answer comes.
"""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from typing import Final

from redis.exceptions import RedisError
from telegram import Bot
from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot.i18n.translator import translator_for
from bot.replies.waiting import in_line
from bot.state.job_stats import JobStats, wait_s
from bot.state.reply_target import Place
from bot.transport.outbox import Outbox
from vlm.queue.client import Client
from vlm.queue.tasks import cancel_all

FIRST_S: Final = 1.0  # most answers are there by then
SHOWN_S: Final = 4.5  # Telegram shows it for five seconds, or until the next message
UNSENT_S: Final = 30.0  # what is not in line by then was refused
LONGEST_S: Final = 600.0
EDITS: Final = 3  # in one round: a chat bears about one message a second


@dataclass
class Waiting:
    """An open job: its topic, what its placeholder answers, since when; what that says, since when."""

    thread: int
    cause: str
    since_s: float = field(default_factory=time.monotonic)
    shown: str = ""
    edited_s: float = 0.0


class TypingIndicator:
    """A courtesy: its failures are nobody's concern."""

    def __init__(self, bot: Bot, client: Client, outbox: Outbox, tally: JobStats) -> None:
        self._bot = bot
        self._client = client
        self._outbox = outbox
        self._tally = tally
        self._open: dict[int, dict[str, Waiting]] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def start(self, chat: int, job: str, thread: int = 0, cause: str = "") -> None:
        """Show it now, and again and again until `job` has ended. Returns at once.

        `cause` is what its placeholder answers, where that is not what gave rise to the job.
        """
        self._open.setdefault(chat, {})[job] = Waiting(thread, cause or job.removeprefix(f"{chat}-"))
        if chat not in self._tasks:
            self._tasks[chat] = asyncio.create_task(self._accompany(chat))

    @property
    def is_busy(self) -> bool:
        """Whether there is an open job that it knows of."""
        return bool(self._tasks)

    async def stop(self) -> None:
        """End all of it."""
        await cancel_all(*self._tasks.values())

    async def _accompany(self, chat: int) -> None:
        jobs, pause_s = self._open[chat], FIRST_S
        try:
            while jobs:
                with contextlib.suppress(TelegramError, RedisError):
                    await self._type(chat, {waiting.thread for waiting in jobs.values()})
                await asyncio.sleep(pause_s)
                with contextlib.suppress(TelegramError, RedisError, TimeoutError):
                    await self._look(chat, jobs)
                pause_s = SHOWN_S
        finally:
            del self._open[chat], self._tasks[chat]

    async def _type(self, chat: int, threads: set[int]) -> None:
        for thread in threads:
            await self._bot.send_chat_action(chat, ChatAction.TYPING, message_thread_id=thread or None)

    async def _look(self, chat: int, jobs: dict[str, Waiting]) -> None:
        """Let go of jobs that ended; tell the others how many come first."""
        ahead = {job: await self._client.position(job) for job in list(jobs)}
        workers = len(await self._client.models())
        for job, position in ahead.items():
            waited_s = time.monotonic() - jobs[job].since_s
            if waited_s > LONGEST_S or (position is None and await self._is_over(job, waited_s)):
                del jobs[job]
        in_line = {job: position for job, position in ahead.items() if position and job in jobs}
        if workers and in_line:
            await self._tell(chat, jobs, in_line, workers)

    async def _is_over(self, job: str, waited_s: float) -> bool:
        """Whether a job that is not in line was there, or will not be any more."""
        return waited_s > UNSENT_S or await self._client.has_ended(job)

    async def _tell(self, chat: int, jobs: dict[str, Waiting], ahead: dict[str, int], workers: int) -> None:
        lately = await self._tally.lately()
        t = translator_for((await self._client.memory.preferences(chat)).language)
        news = {job: in_line(t, n, wait_s(n, workers, lately)) for job, n in ahead.items()}
        changed = [job for job, text in news.items() if text and text != jobs[job].shown]
        for job in sorted(changed, key=lambda job: jobs[job].edited_s)[:EDITS]:
            await self._update(Place(chat, jobs[job].cause, 0), job, news[job])
            jobs[job].shown, jobs[job].edited_s = news[job], time.monotonic()

    async def _update(self, place: Place, job: str, text: str) -> None:
        async def is_open() -> bool:
            return await self._client.position(job) is not None

        await self._outbox.update(place, text, is_open)
