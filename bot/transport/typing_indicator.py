"""While jobs of a chat are open: '… is typing', and in their placeholders how long the queue is.

One task per chat, however many jobs it has. The task ends with the last of them, or with this process: then a
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

from bot.i18n.translator import chat_translator
from bot.replies.status import in_line
from bot.state.job_stats import JobStats, wait_s
from bot.state.reply_target import ReplyTarget
from bot.transport.outbox import Outbox
from vlm.memory import Memory
from vlm.queue.client import Client
from vlm.queue.tasks import cancel_all

FIRST_CHECK_S: Final = 1.0  # most answers are there by then
TYPING_S: Final = 4.5  # Telegram shows it for five seconds, or until the next message
UNSENT_S: Final = 30.0  # a job that is not in the queue by then was refused
MAX_WAIT_S: Final = 600.0
MAX_EDITS: Final = 3  # in one round: Telegram allows about one message a second in a chat


@dataclass
class OpenJob:
    """A job's placeholder, when the job was started, the placeholder's text, and when that was edited."""

    placeholder: ReplyTarget
    since_s: float = field(default_factory=time.monotonic)
    text: str = ""
    edited_s: float = 0.0


class TypingIndicator:
    """Best effort: errors are ignored."""

    def __init__(self, bot: Bot, client: Client, memory: Memory, outbox: Outbox, job_stats: JobStats) -> None:
        self._bot = bot
        self._client = client
        self._memory = memory
        self._outbox = outbox
        self._job_stats = job_stats
        self._open: dict[int, dict[str, OpenJob]] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def start(self, job_id: str, placeholder: ReplyTarget) -> None:
        """Show 'typing' in the placeholder's chat until the job has ended. Returns at once."""
        chat = placeholder.chat
        self._open.setdefault(chat, {})[job_id] = OpenJob(placeholder)
        if chat not in self._tasks:
            self._tasks[chat] = asyncio.create_task(self._accompany(chat))

    @property
    def is_busy(self) -> bool:
        """Whether there is an open job."""
        return bool(self._tasks)

    async def stop(self) -> None:
        """Stop in all chats."""
        await cancel_all(*self._tasks.values())

    async def _accompany(self, chat: int) -> None:
        jobs, pause_s = self._open[chat], FIRST_CHECK_S
        try:
            while jobs:
                with contextlib.suppress(TelegramError, RedisError):
                    await self._send_typing(chat, {job.placeholder.thread for job in jobs.values()})
                await asyncio.sleep(pause_s)
                with contextlib.suppress(TelegramError, RedisError, TimeoutError):
                    await self._check(chat, jobs)
                pause_s = TYPING_S
        finally:
            del self._open[chat], self._tasks[chat]

    async def _send_typing(self, chat: int, threads: set[int]) -> None:
        for thread in threads:
            await self._bot.send_chat_action(chat, ChatAction.TYPING, message_thread_id=thread or None)

    async def _check(self, chat: int, jobs: dict[str, OpenJob]) -> None:
        """Drop the jobs that ended; update the placeholders of those that wait."""
        positions = {job_id: await self._client.position(job_id) for job_id in list(jobs)}
        workers = len(await self._client.models())
        for job_id, position in positions.items():
            waited_s = time.monotonic() - jobs[job_id].since_s
            if waited_s > MAX_WAIT_S or (position is None and await self._has_ended(job_id, waited_s)):
                del jobs[job_id]
        waiting = {job_id: position for job_id, position in positions.items() if position and job_id in jobs}
        if workers and waiting:
            await self._update_placeholders(chat, jobs, waiting, workers)

    async def _has_ended(self, job_id: str, waited_s: float) -> bool:
        """Whether a job that is not in the queue was there, or will never be."""
        return waited_s > UNSENT_S or await self._client.has_ended(job_id)

    async def _update_placeholders(
        self, chat: int, jobs: dict[str, OpenJob], positions: dict[str, int], workers: int
    ) -> None:
        latest = await self._job_stats.latest()
        t = await chat_translator(self._memory, chat)
        texts = {job_id: in_line(t, n, wait_s(n, workers, latest)) for job_id, n in positions.items()}
        changed = [job_id for job_id, text in texts.items() if text and text != jobs[job_id].text]
        for job_id in sorted(changed, key=lambda job_id: jobs[job_id].edited_s)[:MAX_EDITS]:
            await self._update(jobs[job_id].placeholder, job_id, texts[job_id])
            jobs[job_id].text, jobs[job_id].edited_s = texts[job_id], time.monotonic()

    async def _update(self, placeholder: ReplyTarget, job_id: str, text: str) -> None:
        async def is_open() -> bool:
            return await self._client.position(job_id) is not None

        await self._outbox.update_placeholder(placeholder, text, is_open)
