"""Results from the workers to the chats."""

import logging
from typing import Final

from bot import replies
from bot.outbox import Outbox
from bot.pictures import Pictures
from vlm.client import Client
from vlm.errors import AfterimageError, PictureGone, ProtocolError
from vlm.protocol import (
    Answered,
    Ask,
    Caption,
    Refused,
    Result,
    ResultEnvelope,
    decode_result,
    decode_result_envelope,
)
from vlm.streams import Entry

log = logging.getLogger(__name__)

AGAIN: Final = ":again"


def chat_of(entry: Entry) -> int:
    """The chat of a result; 0 if it cannot be read."""
    try:
        return _envelope(entry).chat
    except ProtocolError:
        return 0


class Delivery:
    """What to do with one result, for `bot.lanes`. A result's ticket is the id of the message that asked."""

    def __init__(self, client: Client, outbox: Outbox, pictures: Pictures) -> None:
        self._client = client
        self._outbox = outbox
        self._pictures = pictures

    async def handle(self, entry: Entry) -> None:
        """Show the result, or send the job again with the picture that it lacked."""
        try:
            result = _result(entry)
        except ProtocolError as error:
            log.error("a result that cannot be shown: %s", error)
            await self.give_up(entry)
            return
        try:
            text = await self._text(result)
        except AfterimageError as error:
            text = str(error)
        if text:
            await self._show(result, text)
            log.info("job %s: waited %d ms, ran %d ms", result.job, result.waited_ms, result.ran_ms)

    async def give_up(self, entry: Entry) -> None:
        """Apologise for a result that Telegram would not take, or that another version wrote."""
        try:
            result = _envelope(entry)
        except ProtocolError as error:
            log.error("a result for nobody: %s", error)
            return
        log.error("gave up on the result of job %s", result.job)
        await self._show(result, replies.apology())

    async def _text(self, result: Result) -> str:
        """What to show; '' when the job was sent again. Raises AfterimageError with what to say instead."""
        match result.outcome, result.task:
            case Answered(text=text), Caption():
                return replies.caption(text)
            case Answered(text=text), Ask():
                return replies.answer(text)
            case Refused(code=PictureGone.code), _ if not result.job.endswith(AGAIN):
                await self._again(result)
                return ""
            case Refused(message=message), _:
                return message
        raise AssertionError("every outcome is answered or refused")

    async def _again(self, result: Result) -> None:
        photo = await self._client.memory.get(result.chat, result.photo or "")
        picture = await self._pictures.fetch(photo.file_id if photo else "")
        job, chat, ticket = result.job + AGAIN, result.chat, result.ticket
        match result.task:
            case Caption():
                await self._client.caption(
                    job=job, chat=chat, photo=result.photo, picture=picture, ticket=ticket
                )
            case Ask(question=question, turns=turns):
                await self._client.ask(
                    job=job,
                    chat=chat,
                    photo=result.photo,
                    question=question,
                    picture=picture,
                    turns=turns,
                    ticket=ticket,
                )

    async def _show(self, result: Result | ResultEnvelope, text: str) -> None:
        message = await self._outbox.say(result.chat, int(result.ticket), text)
        if result.photo:
            await self._client.memory.link(result.chat, message, result.photo)


def _result(entry: Entry) -> Result:
    return decode_result(entry.fields.get(b"result", b""))


def _envelope(entry: Entry) -> ResultEnvelope:
    return decode_result_envelope(entry.fields.get(b"result", b""))
