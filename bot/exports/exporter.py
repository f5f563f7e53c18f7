"""Exports everything of a chat as a zip. That takes minutes, so exports have a stream of their own:
the chat's other updates do not wait.

An order stays in `bot.state.keys.EXPORTS`, field `order`, until the export is sent; any bot may handle it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from typing import IO, Any, Final

import msgspec
from redis.asyncio import Redis
from telegram import Bot, InputFile, Message

from bot.exports.archive import Archive, ExportedPhoto, size_of
from bot.i18n.translator import Translator, translator_for
from bot.replies import export as replies
from bot.replies.status import apology
from bot.state import keys
from bot.state.reply_target import ExportEnd, ExportPart, ReplyTarget, target_from
from bot.transport.outbox import Outbox
from bot.transport.retry import backoff_s, is_transient
from bot.transport.telegram_files import TelegramFiles
from vlm.errors import BadRequest
from vlm.memory import Memory, Photo
from vlm.protocol import Turn
from vlm.queue.streams import Entry

EXPORTS: Final = keys.EXPORTS()
GROUP: Final = "exports"
SLOTS: Final = 2  # made at a time by one bot

MAX_PHOTOS: Final = 1000  # in one export; the next page brings the next
PART_BYTES: Final = 45 * 1024 * 1024  # a bot may send files of 50 MB
BATCH: Final = 4  # pictures fetched side by side
TRIES: Final = 4  # per picture, while Telegram is away or slows the bot down
PROGRESS_S: Final = 4.0
UPLOAD_S: Final = 300.0


class ExportOrder(msgspec.Struct, frozen=True, kw_only=True):
    """`page` of the memory of `chat`, to be sent to the target in the chat `to`."""

    chat: int
    page: int
    to: int
    correlation_data: str = msgspec.field(name="ticket")
    language: str

    @property
    def target(self) -> ReplyTarget:
        return target_from(self.to, self.correlation_data)


def chat_of(entry: Entry) -> int:
    """The chat that an export is sent to; 0 if it cannot be read."""
    try:
        return _order(entry).to
    except msgspec.DecodeError:
        return 0


class Exporter:
    def __init__(
        self,
        bot: Bot,
        redis: Redis,
        memory: Memory,
        outbox: Outbox,
        telegram_files: TelegramFiles,
        *,
        part_bytes: int = PART_BYTES,
    ) -> None:
        self._bot = bot
        self._redis = redis
        self._memory = memory
        self._outbox = outbox
        self._telegram_files = telegram_files
        self._part_bytes = part_bytes

    async def submit(self, order: ExportOrder) -> None:
        """Queue an export. Submitted twice, it is sent once."""
        await self._redis.xadd(EXPORTS, {"order": msgspec.json.encode(order)})

    async def handle(self, entry: Entry) -> None:
        """Make an export and send it, unless it was sent before."""
        order = _order(entry)
        if not await self._outbox.sent_id(_end(order.target)):
            await _Export(order, self, translator_for(order.language)).run()

    async def give_up(self, entry: Entry) -> None:
        """Apologise for an export that failed too often."""
        order = _order(entry)
        await self._outbox.send(order.target, apology(translator_for(order.language)))

    async def photos(self, order: ExportOrder) -> AsyncIterator[list[tuple[Photo, list[Turn]]]]:
        """The photos of the order's page with their turns, a few at a time."""
        start, number, batch = (order.page - 1) * MAX_PHOTOS, 0, []
        async for photo_and_turns in self._memory.photos_with_turns(order.chat):
            number += 1
            if number > start + MAX_PHOTOS:
                break
            if number > start:
                batch.append(photo_and_turns)
            if len(batch) == BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    async def count(self, order: ExportOrder) -> int:
        """How many photos the chat has."""
        return await self._memory.count(order.chat)

    async def fetch(self, photo: Photo, turns: Sequence[Turn]) -> ExportedPhoto:
        """A photo with its picture, or without it if it cannot be fetched."""
        for failures in range(1, TRIES + 1):
            try:
                return ExportedPhoto(photo, turns, await self._telegram_files.fetch(photo.file_id))
            except BadRequest:
                break
            except Exception as error:
                if not is_transient(error):
                    raise
                await asyncio.sleep(backoff_s(error, failures))
        return ExportedPhoto(photo, turns, None)

    async def send_text(self, target: ReplyTarget, text: str) -> None:
        await self._outbox.send(target, text)

    async def send_file(self, target: ReplyTarget, name: str, file: IO[bytes]) -> None:
        """Send a part, unless it was sent."""

        async def send(address: dict[str, Any]) -> Sequence[Message]:
            document = InputFile(file, name, read_file_handle=False)
            return [await self._bot.send_document(document=document, write_timeout=UPLOAD_S, **address)]

        await self._outbox.send_once(target, send)

    def is_full(self, archive: Archive, photo: ExportedPhoto) -> bool:
        """Whether a photo must go into the next part."""
        return archive.bytes > 0 and archive.bytes + size_of(photo) > self._part_bytes


class _Export:
    """One export in the making. `missing` counts the pictures that could not be fetched."""

    def __init__(self, order: ExportOrder, exporter: Exporter, t: Translator) -> None:
        self._order = order
        self._exporter = exporter
        self._t = t
        self._part = 1
        self._done = self._missing = 0
        self._progress_at_s = 0.0

    async def run(self) -> None:
        exporter, target = self._exporter, self._order.target
        total = await exporter.count(self._order)
        if not total:  # everything was forgotten meanwhile
            await exporter.send_text(target, replies.nothing_to_export(self._t))
            return
        left = total - (self._order.page - 1) * MAX_PHOTOS
        archive = Archive(self._lines_name())
        async for batch in exporter.photos(self._order):
            for photo in await asyncio.gather(*(exporter.fetch(*item) for item in batch)):
                if exporter.is_full(archive, photo):
                    await self._send(archive, is_last=False)
                    self._part += 1
                    archive = Archive(self._lines_name())
                await asyncio.to_thread(archive.add, photo)
                self._done += 1
                self._missing += photo.picture is None
            await self._show_progress(min(MAX_PHOTOS, left))
        summary = replies.here_it_is(
            self._t, self._done, self._missing, self._part, left - self._done, self._order.page
        )
        await exporter.send_text(target, summary)  # before the last part: when that was sent, all is done
        await self._send(archive, is_last=True)

    async def _send(self, archive: Archive, *, is_last: bool) -> None:
        target = self._order.target
        target = _end(target) if is_last else target.with_key(ExportPart(target.key, self._part))
        with await asyncio.to_thread(archive.close, replies.readme(self._t)) as file:
            await self._exporter.send_file(target, f"afterimage-{self._number()}.zip", file)

    async def _show_progress(self, total: int) -> None:
        """Every few seconds. Best effort: transient errors are ignored."""
        if time.monotonic() - self._progress_at_s < PROGRESS_S:
            return
        self._progress_at_s = time.monotonic()
        try:
            text = replies.packing(self._t, self._done, total)
            await self._exporter.send_text(self._order.target, text)
        except Exception as error:
            if not is_transient(error):
                raise

    def _lines_name(self) -> str:
        number = self._number()
        return "photos.jsonl" if number == "1" else f"photos-{number}.jsonl"

    def _number(self) -> str:
        """'1', or '1.2' for a second part: no two archives name their lines file alike."""
        return f"{self._order.page}.{self._part}" if self._part > 1 else str(self._order.page)


def _end(target: ReplyTarget) -> ReplyTarget:
    return target.with_key(ExportEnd(target.key))


def _order(entry: Entry) -> ExportOrder:
    return msgspec.json.decode(entry.fields.get(b"order", b""), type=ExportOrder)
