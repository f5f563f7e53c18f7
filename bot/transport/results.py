"""Results from the workers to the chats."""

import logging
from typing import Final

from msgspec.structs import replace

from bot.replies.errors import apology, refusal
from bot.services import Desk
from bot.state.album_store import is_list
from bot.state.reply_target import Place, place_for
from bot.transport.keyed_consumer import UnsupportedVersion
from bot.transport.outbox import Outbox
from vlm.errors import AfterimageError, BadImage, NewerVersion, PictureGone, ProtocolError
from vlm.logs import about
from vlm.memory import former
from vlm.protocol import (
    UPGRADE_S,
    Answered,
    Ask,
    Caption,
    Find,
    Found,
    Refused,
    Result,
    ResultEnvelope,
    decode_result,
    decode_result_envelope,
)
from vlm.queue.client import Client
from vlm.queue.streams import Entry

log = logging.getLogger(__name__)

AGAIN: Final = ":again"


def chat_of(entry: Entry) -> int:
    """The chat of a result; 0 if it cannot be read."""
    try:
        return _envelope(entry).chat
    except ProtocolError:
        return 0


class Delivery:
    """What to do with one result. Its ticket says where it belongs (`bot.state.reply_target`)."""

    def __init__(self, client: Client, outbox: Outbox, desk: Desk) -> None:
        self._client = client
        self._outbox = outbox
        self._desk = desk

    async def handle(self, entry: Entry) -> None:
        """Show the result, or send the job again with the picture that it lacked.

        Of a chat that was forgotten meanwhile nothing is shown.
        Raises:  ForAnother for a result that a newer version will show.
        """
        try:
            result = _result(entry)
        except ProtocolError as error:
            if isinstance(error, NewerVersion) and entry.age_s < UPGRADE_S:
                raise UnsupportedVersion from error
            log.error("a result that cannot be shown: %s", error)
            await self.give_up(entry)
            return
        with about(job=result.job):
            sent_from = result.chat
            result, place = await self._at_home(result)
            if is_list(place):
                await self._desk.albums.quiet(place)
            if await self._client.is_wanted(entry):
                await self._show(result, place)
            else:
                log.info("not shown: its chat was forgotten")
            await self._client.drop_picture(sent_from, result.job)

    async def _show(self, result: Result, place: Place) -> None:
        try:
            with self._desk.metrics.stage.labels("deliver").time():
                await self._deliver(result, place)
        except AfterimageError as error:
            await self._refuse(result, place, error)
        await self._desk.tally.note(result)
        log.info("job %s: waited %d ms, ran %d ms", result.job, result.waited_ms, result.ran_ms)

    async def give_up(self, entry: Entry) -> None:
        """Apologise for a result that Telegram would not take, or that another version wrote."""
        try:
            result = _envelope(entry)
        except ProtocolError as error:
            log.error("a result for nobody: %s", error)
            return
        if not await self._client.is_wanted(entry):
            return
        with about(job=result.job):
            log.error("gave up on the result of job %s", result.job)
        t = await self._desk.talks.translator(result.chat)
        await self._tell(result, place_for(result.chat, result.correlation_data), apology(t))

    async def _at_home(self, result: Result) -> tuple[Result, Place]:
        """The result and its place; of a group that has become a supergroup, as the supergroup knows them."""
        place = place_for(result.chat, result.correlation_data)
        home = await self._client.memory.home(result.chat)
        if home is None:
            return result, place
        photo = former(result.photo) if result.photo else None
        return replace(result, chat=home, photo=photo), place.moved(home)

    async def _deliver(self, result: Result, place: Place) -> None:
        """Show it. Raises AfterimageError with what to say instead."""
        if place.inline:
            await self._desk.inline.deliver(result, place.inline)
            return
        t = await self._desk.talks.translator(result.chat)
        match result.outcome, result.task:
            case Answered(), _ if is_list(place):
                await self._desk.albums.deliver(result, place, t)
            case Answered() as answered, Caption():
                await self._desk.photos.deliver(result, answered, place, t)
            case Answered() as answered, Ask():
                await self._desk.questions.deliver(result, answered, place, t)
            case Found() as found, Find() as wanted:
                await self._desk.finding.deliver(wanted, found, place, t)
            case Refused(code=PictureGone.code), _ if not result.job.endswith(AGAIN):
                await self._again(result)
            case Refused() as refused, _:
                await self._refuse(result, place, refused)

    async def _again(self, result: Result) -> None:
        photo = await self._client.memory.get(result.chat, result.photo or "")
        picture = await self._desk.pictures.fetch(photo.file_id if photo else "")
        job, chat, correlation_data = result.job + AGAIN, result.chat, result.correlation_data
        match result.task:
            case Caption(style=style, other_than=other_than):
                await self._client.caption(
                    job=job,
                    chat=chat,
                    photo=result.photo,
                    picture=picture,
                    style=style,
                    other_than=other_than,
                    language=result.language,
                    correlation_data=correlation_data,
                )
            case Ask(question=question, turns=turns):
                await self._client.ask(
                    job=job,
                    chat=chat,
                    photo=result.photo,
                    question=question,
                    picture=picture,
                    turns=turns,
                    language=result.language,
                    correlation_data=correlation_data,
                )

    async def _refuse(self, result: Result, place: Place, why: AfterimageError | Refused) -> None:
        t = await self._desk.talks.translator(result.chat)
        if is_list(place):
            await self._desk.albums.deliver(result, place, t, refused=refusal(t, why))
        else:
            await self._tell(result, place, refusal(t, why))
            if why.code == BadImage.code:
                await self._drop(result)

    async def _drop(self, result: Result) -> None:
        """What turned out to be no picture is no photo either: nothing is found or asked of it later."""
        photo = await self._client.memory.get(result.chat, result.photo or "")
        if photo and not photo.caption:
            await self._client.memory.forget(result.chat, photo.id)

    async def _tell(self, result: Result | ResultEnvelope, place: Place, text: str) -> None:
        if place.inline:  # there is nowhere to say it
            return
        message = await self._outbox.say(place, text)
        if result.photo:
            await self._client.memory.link(result.chat, message, result.photo)


def _result(entry: Entry) -> Result:
    return decode_result(entry.fields.get(b"result", b""))


def _envelope(entry: Entry) -> ResultEnvelope:
    return decode_result_envelope(entry.fields.get(b"result", b""))
