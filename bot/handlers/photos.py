"""A photo, or an image sent as a file: store it, caption it, and ask the question that came with it."""

import asyncio

from msgspec.structs import replace
from telegram import Message, Update

from bot.access.addressing import text_to_bot
from bot.context import Context, Services
from bot.handlers import questions
from bot.i18n.question_detection import split_question
from bot.i18n.translator import Translator
from bot.replies import photos, privacy
from bot.state.reply_target import CaptionRequest, ReplyTarget
from vlm.memory import Photo
from vlm.protocol import Answered, Caption, Result
from vlm.queue.tasks import cancel_all


async def receive_photo(update: Update, context: Context) -> None:
    """A message with a photo."""
    await caption_photo(context, context.message)


async def caption_photo(context: Context, message: Message) -> None:
    """Have the photo of a message captioned. The caption comes later, by `show_result`."""
    services, target, t = context.services, context.target, await context.translator()
    text = text_to_bot(message) if message.caption else ""
    question, note = split_question(text, t.tag) if text else ("", "")
    picture = services.telegram_files.picture_in(message)
    # saved first: the next question is about this photo, whatever happens
    photo = await services.photo_store.save(message, picture, note=note, arrival_us=context.arrival_us)
    services.typing_indicator.start(target.job_id, target)
    download = asyncio.create_task(services.telegram_files.fetch(picture.file_id, picture.file_size))
    try:
        await _send_placeholder(services, target, photo, t)  # not cancelled: a refusal edits it
        data = await download
    finally:
        await cancel_all(download)
    await services.client.caption(
        job=target.job_id,
        chat=target.chat,
        photo=photo.id,
        picture=data,
        style=(await context.preferences()).style,
        language=t.tag,
        correlation_data=target.with_question(question).correlation_data,
    )


async def receive_edited_photo(update: Update, context: Context) -> None:
    """The text below a photo was edited: ask the new question, or store the new note."""
    services, target, t = context.services, context.target, await context.translator()
    photo = await services.memory.get(target.chat, str(context.message.message_id))
    if photo is None:
        return
    question, note = split_question(context.text, t.tag)
    await services.memory.set_note(target.chat, photo.id, note)
    if question:
        await _ask_again(context, photo, question)
    elif photo.caption and await services.outbox.sent_id(target):
        await show_caption(services, target, replace(photo, note=note), t)


async def show_result(
    services: Services, result: Result, answered: Answered, target: ReplyTarget, t: Translator
) -> None:
    """Show a caption, or that there is no other; then ask the question that came with the photo."""
    photo = await services.memory.get(result.chat, result.photo or "")
    if photo is None:  # it was forgotten meanwhile
        await services.outbox.send(target, photos.gone(t))
        return
    if isinstance(target.key, CaptionRequest) and isinstance(result.task, Caption):
        if answered.text in result.task.other_than:
            await services.outbox.send(target, photos.no_other_wording(t))
            return
        used = [*result.task.other_than, answered.text]
        await services.memory.set_used_captions(result.chat, photo.id, used)
        await services.outbox.adopt(target, target.reply_to)  # in place of the old caption
    photo = replace(photo, caption=answered.text, localized_caption=answered.localized_text)
    await show_caption(services, target, photo, t, translation_failed=answered.translation_failed)
    if target.follow_up_question:
        question_target = target.for_question()
        await questions.ask_about_photo(services, question_target, photo, target.follow_up_question, t)


async def show_caption(
    services: Services, target: ReplyTarget, photo: Photo, t: Translator, *, translation_failed: bool = False
) -> None:
    """Send a photo's caption, with its buttons."""
    stayed_english = translation_failed and await services.outbox.claim_first(target, f"english-not-{t.tag}")
    text = photos.caption(
        t,
        photo.correction or photo.localized_caption or photo.caption,
        note=photo.note,
        stayed_english=stayed_english and not photo.correction,
        is_owners=bool(photo.correction),
    )
    message = await services.outbox.send(target, text, photos.caption_buttons(t, photo))
    if not await services.memory.link(target.chat, message, photo.id):  # it was forgotten while this was sent
        await services.outbox.delete(target.chat, message, privacy.caption_forgotten(t))


async def _send_placeholder(services: Services, target: ReplyTarget, photo: Photo, t: Translator) -> None:
    has_worker = bool(await services.client.models())
    if message := await services.outbox.send_placeholder(target, photos.looking(t, has_worker)):
        await services.memory.link(target.chat, message, photo.id)


async def _ask_again(context: Context, photo: Photo, question: str) -> None:
    """Ask the edited question of a photo, whose caption stays."""
    services, target = context.services, context.target.for_question()
    if answer := await services.outbox.sent_id(target):
        await questions.ask_edited(context, target, photo, question, answer)
    else:
        await questions.ask_about_photo(services, target, photo, question, await context.translator())
