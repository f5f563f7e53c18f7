"""Everything of a chat in one file. It takes minutes, so it is made beside the chat, which goes on meanwhile.

    {afterimage}:exports    stream, field `order`: what is to be made; gone when it was sent

An order is kept until it was carried out, by whichever bot lives.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from typing import IO, Any, Final

import msgspec
from redis.asyncio import Redis
from telegram import Bot, InputFile, Message

from bot.exports.archive import Archive, Kept, size_of
from bot.i18n.translator import Translator, translator_for
from bot.replies import export as said
from bot.replies.errors import apology
from bot.state.reply_target import Place, place_for
from bot.transport.outbox import Outbox
from bot.transport.retry import backoff_s, is_transient
from bot.transport.telegram_files import TelegramFiles
from vlm.errors import BadRequest
from vlm.memory import Memory, Photo
from vlm.protocol import Turn
from vlm.queue.streams import Entry

EXPORTS: Final = "{afterimage}:exports"
GROUP: Final = "exports"
SLOTS: Final = 2  # made at a time by one bot

MOST_PHOTOS: Final = 1000  # in one export; the next page brings the next
PART_BYTES: Final = 45 * 1024 * 1024  # a bot may send files of 50 MB
AT_ONCE: Final = 4  # pictures fetched side by side
TRIES: Final = 4  # for a picture, while Telegram is away or slows down
PROGRESS_S: Final = 4.0
UPLOAD_S: Final = 300.0


class ExportOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted: `page` of the memory of `chat`, sent to the place that `to` and `correlation_data` name."""

    chat: int
    page: int
    to: int
    correlation_data: str = msgspec.field(name="ticket")
    language: str

    @property
    def place(self) -> Place:
        return place_for(self.to, self.correlation_data)


def chat_of(entry: Entry) -> int:
    """Where an export goes to; 0 if that cannot be read."""
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
        pictures: TelegramFiles,
        *,
        part_bytes: int = PART_BYTES,
    ) -> None:
        self._bot = bot
        self._redis = redis
        self._memory = memory
        self._outbox = outbox
        self._pictures = pictures
        self._part_bytes = part_bytes

    async def want(self, order: ExportOrder) -> None:
        """Have it made. Wanted twice, it is sent once."""
        await self._redis.xadd(EXPORTS, {"order": msgspec.json.encode(order)})

    async def handle(self, entry: Entry) -> None:
        """Make it and send it, unless it was sent before; for `bot.transport.keyed_consumer`."""
        order = _order(entry)
        if not await self._outbox.said(_last(order.place)):
            await _Run(order, self, translator_for(order.language)).run()

    async def give_up(self, entry: Entry) -> None:
        """Apologise."""
        order = _order(entry)
        await self._outbox.say(order.place, apology(translator_for(order.language)))

    async def photos(self, order: ExportOrder) -> AsyncIterator[list[tuple[Photo, list[Turn]]]]:
        """The photos of the order's page, a few at a time."""
        start, n, some = (order.page - 1) * MOST_PHOTOS, 0, []
        async for one in self._memory.everything(order.chat):
            n += 1
            if n > start + MOST_PHOTOS:
                break
            if n > start:
                some.append(one)
            if len(some) == AT_ONCE:
                yield some
                some = []
        if some:
            yield some

    async def count(self, order: ExportOrder) -> int:
        """How many photos the chat has."""
        return await self._memory.count(order.chat)

    async def kept(self, photo: Photo, turns: Sequence[Turn]) -> Kept:
        """A photo with its picture. What cannot be fetched is left out."""
        for failures in range(1, TRIES + 1):
            try:
                return Kept(photo, turns, await self._pictures.fetch(photo.file_id))
            except BadRequest:
                break
            except Exception as error:
                if not is_transient(error):
                    raise
                await asyncio.sleep(backoff_s(error, failures))
        return Kept(photo, turns, None)

    async def say(self, place: Place, text: str) -> None:
        await self._outbox.say(place, text)

    async def send(self, place: Place, name: str, file: IO[bytes]) -> None:
        """Send a part, unless it was sent."""

        async def send(address: dict[str, Any]) -> Sequence[Message]:
            document = InputFile(file, name, read_file_handle=False)
            return [await self._bot.send_document(document=document, write_timeout=UPLOAD_S, **address)]

        await self._outbox.once(place, send)

    def is_full(self, archive: Archive, kept: Kept) -> bool:
        """Whether a photo must go into the next part."""
        return archive.bytes > 0 and archive.bytes + size_of(kept) > self._part_bytes


class _Run:
    """One export being made. `lost` counts the pictures that could not be had."""

    def __init__(self, order: ExportOrder, exports: Exporter, t: Translator) -> None:
        self._order = order
        self._exports = exports
        self._t = t
        self._part = 1
        self._done = self._lost = 0
        self._told_s = 0.0

    async def run(self) -> None:
        total = await self._exports.count(self._order)
        if not total:  # all was forgotten meanwhile
            await self._exports.say(self._order.place, said.nothing_to_export(self._t))
            return
        here = min(MOST_PHOTOS, total - (self._order.page - 1) * MOST_PHOTOS)
        archive = Archive(self._lines_name())
        async for some in self._exports.photos(self._order):
            for kept in await asyncio.gather(*(self._exports.kept(*one) for one in some)):
                if self._exports.is_full(archive, kept):
                    await self._send(archive, is_last=False)
                    self._part += 1
                    archive = Archive(self._lines_name())
                await asyncio.to_thread(archive.add, kept)
                self._done += 1
                self._lost += kept.picture is None
            await self._tell(here)
        left = total - (self._order.page - 1) * MOST_PHOTOS - self._done
        summary = said.here_it_is(self._t, self._done, self._lost, self._part, left, self._order.page)
        await self._exports.say(self._order.place, summary)  # before the last part: with that, all is done
        await self._send(archive, is_last=True)

    async def _send(self, archive: Archive, *, is_last: bool) -> None:
        place = self._order.place
        place = _last(place) if is_last else place.because(f"{place.cause}-part-{self._part}")
        with await asyncio.to_thread(archive.close, said.readme(self._t)) as file:
            await self._exports.send(place, f"afterimage-{self._number()}.zip", file)

    async def _tell(self, total: int) -> None:
        """How far it is, now and then: a courtesy."""
        if time.monotonic() - self._told_s < PROGRESS_S:
            return
        self._told_s = time.monotonic()
        try:
            await self._exports.say(self._order.place, said.packing(self._t, self._done, total))
        except Exception as error:
            if not is_transient(error):
                raise

    def _lines_name(self) -> str:
        number = self._number()
        return "photos.jsonl" if number == "1" else f"photos-{number}.jsonl"

    def _number(self) -> str:
        """'1', or '1.2' for a second part: no two archives name their lines alike."""
        return f"{self._order.page}.{self._part}" if self._part > 1 else str(self._order.page)


def _last(place: Place) -> Place:
    """The cause that the last part answers: when that was said, all was."""
    return place.because(f"{place.cause}-last")


def _order(entry: Entry) -> ExportOrder:
    return msgspec.json.decode(entry.fields.get(b"order", b""), type=ExportOrder)
