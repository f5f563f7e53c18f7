"""The buttons below a caption. Each has its photo's id, which is looked up in the chat of the press."""

from telegram import InlineKeyboardMarkup, Update

from bot.context import Context
from bot.handlers import albums, questions
from bot.i18n.translator import FROM_RIGHT
from bot.replies import photos
from bot.replies import questions as question_replies
from bot.replies.start import old_button
from bot.state.reply_target import CaptionRequest, SuggestedQuestion
from vlm.memory import Photo
from vlm.protocol import Style


async def ask_suggested_question(update: Update, context: Context) -> None:
    """Ask the question on the button. Pressed again, it is not asked again: the answer stands below."""
    id, _colon, key = context.argument.partition(":")
    photo, t = await _photo(context, id), await context.translator()
    if photo is None:
        return
    question = photos.suggested_question(t, key).replace(FROM_RIGHT, "")
    if not question:  # a button of another version, or a forged one
        await context.answer(old_button(t))
        return
    target = context.target.with_key(SuggestedQuestion.of(key, context.message.message_id))
    is_answered = await context.services.outbox.sent_id(target)
    answer = question_replies.answered_above if is_answered else question_replies.thinking_of_it
    await context.answer(answer(t))
    await questions.ask_about_photo(context.services, target, photo, question, t)


async def more_detail(update: Update, context: Context) -> None:
    """Have the photo captioned in detail."""
    await _caption_again(update, context, "detailed")


async def another_wording(update: Update, context: Context) -> None:
    """Have the photo captioned in other words."""
    await _caption_again(update, context, (await context.preferences()).style)


async def show_english(update: Update, context: Context) -> None:
    """Show the English original below the caption."""
    if photo := await _photo(context, context.argument):
        await context.answer()
        t = await context.translator()
        text = photos.caption(t, photo.localized_caption, note=photo.note, in_english=photo.caption)
        await context.edit_message(text, photos.caption_buttons(t, photo, in_english=True))


async def confirm_delete(update: Update, context: Context) -> None:
    """Ask whether to delete the photo."""
    photo = await _photo(context, context.argument)
    if photo and await _may_delete(context, photo):
        t = await context.translator()
        await context.answer(photos.sure(t))
        await _set_buttons(context, photos.delete_buttons(t, photo.id))


async def keep_photo(update: Update, context: Context) -> None:
    """Do not delete it: show the buttons as they were."""
    if photo := await _photo(context, context.argument):
        await context.answer()
        await _set_buttons(context, photos.caption_buttons(await context.translator(), photo))


async def delete_photo(update: Update, context: Context) -> None:
    """Forget the photo, and delete the caption from the chat."""
    services, chat, t = context.services, context.chat_id, await context.translator()
    photo = await services.memory.get(chat, context.argument)
    if photo and not await _may_delete(context, photo):
        return
    if photo:
        await albums.remove_photo(services, chat, photo.id, t)
        await services.memory.forget(chat, photo.id)
    await context.answer(photos.deleted(t), alert=True)
    await services.outbox.delete(chat, context.message.message_id, photos.deleted(t))


async def _caption_again(update: Update, context: Context, style: Style) -> None:
    """Have the photo captioned in words that were not used yet. They come by `photos.show_result`."""
    photo, t = await _photo(context, context.argument), await context.translator()
    if photo is None or update.callback_query is None:
        return
    await context.answer(photos.looking_again(t))
    target = context.target.with_key(CaptionRequest(update.callback_query.id))
    context.services.typing_indicator.start(target.job_id, target)
    await context.services.client.caption(
        job=target.job_id,
        chat=target.chat,
        photo=photo.id,
        style=style,
        other_than=list(dict.fromkeys([*photo.used_captions.splitlines(), photo.caption])),
        language=t.tag,
        correlation_data=target.correlation_data,
    )


async def _set_buttons(context: Context, buttons: InlineKeyboardMarkup) -> None:
    await context.edit_message(context.message.text or "", buttons)


async def _photo(context: Context, id: str) -> Photo | None:
    """The photo that a button names. If it is no longer known, the press is answered with that."""
    photo = await context.services.memory.get(context.chat_id, id)
    if photo is None:
        await context.answer(photos.gone(await context.translator()), alert=True)
    return photo


async def _may_delete(context: Context, photo: Photo) -> bool:
    """Whether the user sent the photo, or decides for the chat. If not, the press is answered with that."""
    if context.user_id == photo.sender or await context.is_chat_admin():
        return True
    await context.answer(photos.not_yours(await context.translator()), alert=True)
    return False
