"""Passes results to the module whose handlers submitted the job."""

import logging
from typing import Final

from msgspec.structs import replace

from bot.context import Services
from bot.handlers import albums, find, inline, photos, questions
from bot.i18n.translator import chat_translator
from bot.replies.status import apology, refusal
from bot.state.reply_target import InlineRequest, ReplyTarget, target_from
from vlm.errors import AfterimageError, BadImage, PictureGone, ProtocolError
from vlm.logs import log_context
from vlm.memory import migrated_id
from vlm.protocol import (
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
from vlm.queue.consumer import raise_if_newer
from vlm.queue.streams import Entry

log = logging.getLogger(__name__)

RESUBMITTED: Final = ":again"


def chat_of(entry: Entry) -> int:
    """The chat of a result; 0 if it cannot be read."""
    try:
        return _envelope(entry).chat
    except ProtocolError:
        return 0


class ResultHandler:
    """Handles an entry of the results' stream. Its correlation data says where it belongs."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, entry: Entry) -> None:
        """Show the result, or submit the job again with the picture that it lacked.

        The result of a chat that has been forgotten is not shown.
        Raises:  UnsupportedVersion for a result that a newer version will show.
        """
        client = self._services.client
        try:
            result = decode_result(_data(entry))
        except ProtocolError as error:
            raise_if_newer(entry, error)
            log.error("result %s cannot be read, apologising: %s", entry.id, error)
            await self.give_up(entry)
            return
        with log_context(job=result.job):
            submitted_for = result.chat
            result, target = await self._migrated(result)
            if target.is_photo_list:
                await albums.wait_until_quiet(self._services, target)
            if await client.is_wanted(entry):
                await self._show(result, target)
            else:
                log.info("result dropped: its chat was forgotten")
            await client.drop_picture(submitted_for, result.job)

    async def give_up(self, entry: Entry) -> None:
        """Apologise for a result that Telegram would not take, or that another version wrote."""
        try:
            result = _envelope(entry)
        except ProtocolError as error:
            log.error("result %s names no chat, dropped: %s", entry.id, error)
            return
        if not await self._services.client.is_wanted(entry):
            return
        with log_context(job=result.job):
            log.error("gave up on the result of job %s", result.job)
        t = await chat_translator(self._services.memory, result.chat)
        target = target_from(result.chat, result.correlation_data)
        await _reply(self._services, result, target, apology(t))

    async def _show(self, result: Result, target: ReplyTarget) -> None:
        try:
            with self._services.metrics.stage.labels("deliver").time():
                await show_result(self._services, result, target)
        except AfterimageError as error:
            await _refuse(self._services, result, target, error)
        await self._services.job_stats.record(result)
        log.info("job %s: waited %d ms, ran %d ms", result.job, result.waited_ms, result.ran_ms)

    async def _migrated(self, result: Result) -> tuple[Result, ReplyTarget]:
        """The result and its target; of a group that has become a supergroup, those in the supergroup."""
        target = target_from(result.chat, result.correlation_data)
        supergroup = await self._services.memory.migrated_to(result.chat)
        if supergroup is None:
            return result, target
        photo = migrated_id(result.photo) if result.photo else None
        return replace(result, chat=supergroup, photo=photo), target.migrated_to(supergroup)


async def show_result(services: Services, result: Result, target: ReplyTarget) -> None:
    """Show a result where it belongs. Raises AfterimageError with what to say instead."""
    if isinstance(target.key, InlineRequest):
        await inline.show_result(services, result, target.key.query)
        return
    t = await chat_translator(services.memory, result.chat)
    match result.outcome, result.task:
        case Answered(), _ if target.is_photo_list:
            await albums.show_result(services, result, target, t)
        case Answered() as answered, Caption():
            await photos.show_result(services, result, answered, target, t)
        case Answered() as answered, Ask():
            await questions.show_result(services, result, answered, target, t)
        case Found() as found, Find() as criteria:
            await find.show_result(services, criteria, found, target, t)
        case Refused(code=PictureGone.code), _ if not result.job.endswith(RESUBMITTED):
            await _submit_with_picture(services, result)
        case Refused() as refused, _:
            await _refuse(services, result, target, refused)


async def _submit_with_picture(services: Services, result: Result) -> None:
    photo = await services.memory.get(result.chat, result.photo or "")
    picture = await services.telegram_files.fetch(photo.file_id if photo else "")
    job, chat = result.job + RESUBMITTED, result.chat
    language, correlation_data = result.language, result.correlation_data
    match result.task:
        case Caption(style=style, other_than=other_than):
            await services.client.caption(
                job=job,
                chat=chat,
                photo=result.photo,
                picture=picture,
                style=style,
                other_than=other_than,
                language=language,
                correlation_data=correlation_data,
            )
        case Ask(question=question, turns=turns):
            await services.client.ask(
                job=job,
                chat=chat,
                photo=result.photo,
                question=question,
                picture=picture,
                turns=turns,
                language=language,
                correlation_data=correlation_data,
            )


async def _refuse(
    services: Services, result: Result, target: ReplyTarget, error: AfterimageError | Refused
) -> None:
    t = await chat_translator(services.memory, result.chat)
    if target.is_photo_list:
        await albums.show_result(services, result, target, t, refused=refusal(t, error))
    else:
        await _reply(services, result, target, refusal(t, error))
        if error.code == BadImage.code:
            await _forget_broken(services, result)


async def _forget_broken(services: Services, result: Result) -> None:
    """Forget a file that is not a picture: no search may find it, and no question be about it."""
    photo = await services.memory.get(result.chat, result.photo or "")
    if photo and not photo.caption:
        await services.memory.forget(result.chat, photo.id)


async def _reply(services: Services, result: Result | ResultEnvelope, target: ReplyTarget, text: str) -> None:
    if isinstance(target.key, InlineRequest):  # a refusal cannot be shown
        return
    message = await services.outbox.send(target, text)
    if result.photo:
        await services.memory.link(result.chat, message, result.photo)


def _data(entry: Entry) -> bytes:
    return entry.fields.get(b"result", b"")


def _envelope(entry: Entry) -> ResultEnvelope:
    return decode_result_envelope(_data(entry))
