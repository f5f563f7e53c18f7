"""A question about a photo: determine the photo, and submit the question."""

from collections.abc import Sequence
from typing import Any, Final

from telegram import ForceReply, Message, Update

from bot.access.addressing import text_to_bot
from bot.context import Context, Services
from bot.handlers import albums
from bot.i18n.album_selection import ALL, selected_photo, without_number
from bot.i18n.question_detection import split_question
from bot.i18n.translator import Translator
from bot.replies import albums as album_replies
from bot.replies import photos, questions
from bot.state.reply_target import (
    EditedQuestion,
    PickedAll,
    PickedPhoto,
    QuestionAboutAll,
    ReplyKey,
    ReplyTarget,
    parse_key,
    replied_message,
)
from bot.transport.telegram_files import has_picture
from vlm.memory import Photo
from vlm.protocol import Answered, Ask, Result
from vlm.queue.client import clean_question

MAX_HINT_CHARS: Final = 64  # of the text in an empty field


async def receive_question(update: Update, context: Context) -> None:
    """A text: a question about the photo that it replies to, else about the latest."""
    services, message, target = context.services, context.message, context.replied_message
    if target and (key := await services.album_store.shown_by(context.chat_id, target.message_id)):
        await _ask_about_list(context, key)
    elif photo := await _photo_in_question(context):
        if target is None and (key := await _album_in_question(context, photo)):
            await _ask_about_list(context, key)
        else:
            await _ask(context, context.text, photo)
    else:
        reply = questions.which_photo if _is_reply(message) else questions.photo_first
        await context.reply(reply(await context.translator()))


async def ask(update: Update, context: Context) -> None:
    """/ask QUESTION. Without a question, ask for one."""
    if context.text or not (photo := await _photo_in_question(context)):
        await receive_question(update, context)
    else:
        await _ask_for_question(context, photo)


async def receive_edited_question(update: Update, context: Context) -> None:
    """A question was edited: answer it again. A message that was never answered is not answered now."""
    services, message = context.services, context.message.message_id
    answer = await services.outbox.sent_id(context.target)
    id = await services.memory.photo_of(context.chat_id, message)
    if answer and id and (photo := await services.memory.get(context.chat_id, id)):
        await ask_edited(context, context.target, photo, context.text, answer)
    elif answer:
        await receive_question(update, context)


async def ask_about_photo(
    services: Services, target: ReplyTarget, photo: Photo, question: str, t: Translator
) -> None:
    """Submit a question about a photo. Sends the placeholder; `show_result` sends the answer.

    Raises:  BadRequest, TooLarge, QueueFull, Unavailable, each with a sentence for the user.
    """
    question, memory = clean_question(question), services.memory
    services.typing_indicator.start(target.job_id, target)
    has_worker = bool(await services.client.models())
    placeholder = questions.thinking(t, has_worker, _repeated(target, question))
    if message := await services.outbox.send_placeholder(target, placeholder):
        await memory.link(target.chat, message, photo.id)
    # query tokens live for some days; after that the model must see the picture again
    has_tokens = await memory.tokens_alive(target.chat, photo.id)
    await services.client.ask(
        job=target.job_id,
        chat=target.chat,
        photo=photo.id,
        question=question,
        picture=None if has_tokens else await services.telegram_files.fetch(photo.file_id),
        turns=await memory.turns(target.chat, photo.id),
        language=t.tag,
        correlation_data=target.correlation_data,
    )


async def ask_edited(context: Context, target: ReplyTarget, photo: Photo, question: str, answer: int) -> None:
    """Submit an edited question: the new answer replaces the bot's message `answer`."""
    services, edited, t = context.services, context.message.edit_date, await context.translator()
    target = target.with_key(EditedQuestion(target.key, round(edited.timestamp()) if edited else 0))
    await services.outbox.adopt(target, answer, questions.thinking(t, True))
    await ask_about_photo(services, target, photo, question, t)


async def show_result(
    services: Services, result: Result, answered: Answered, target: ReplyTarget, t: Translator
) -> None:
    """Show an answer."""
    question = result.task.question if isinstance(result.task, Ask) else ""
    text = questions.answer(t, answered.localized_text or answered.text, _repeated(target, question))
    if answered.translation_failed and await services.outbox.claim_first(target, f"english-not-{t.tag}"):
        text = f"{text}\n{photos.still_english(t)}"
    message = await services.outbox.send(target, text)
    if result.photo:
        await services.memory.link(target.chat, message, result.photo)


async def pick_photo(update: Update, context: Context) -> None:
    """A button below 'Which photo is your question about?': about that photo."""
    photo, t = (
        await context.services.memory.get(context.chat_id, context.argument),
        await context.translator(),
    )
    if photo is None:
        await context.answer(photos.gone(t), alert=True)
    elif question := await _question_of_press(context):
        target = context.target.with_key(PickedPhoto(photo.id, context.message.message_id))
        await _replace_buttons(context, target, question)
        await ask_about_photo(context.services, target, photo, question, t)


async def pick_all_photos(update: Update, context: Context) -> None:
    """The button 'All of them'."""
    if not (question := await _question_of_press(context)):
        return
    services, t = context.services, await context.translator()
    photos_of_list = await albums.photos_in(services, context.chat_id, parse_key(context.argument))
    if photos_of_list:
        target = context.target.with_key(PickedAll(context.message.message_id))
        await _replace_buttons(context, target.with_key(QuestionAboutAll(target.key)), question)
        await albums.ask_about_all(services, target, photos_of_list.values(), question, t)
    else:
        await context.edit_message(album_replies.nothing_left(t))


async def _question_of_press(context: Context) -> str:
    """The question that the buttons reply to. '' if it was deleted; then the press is answered with that."""
    question, t = context.replied_message, await context.translator()
    if question is None:
        await context.answer(album_replies.question_lost(t), alert=True)
        return ""
    await context.answer(questions.thinking_of_it(t))
    return text_to_bot(question)


async def _replace_buttons(context: Context, target: ReplyTarget, question: str) -> None:
    """The message with the buttons becomes the answer."""
    placeholder = questions.thinking(await context.translator(), True, question)
    await context.services.outbox.adopt(target, context.message.message_id, placeholder)


async def _ask_about_list(context: Context, key: ReplyKey) -> None:
    """A question about one of several photos, or about all of them."""
    services, question, t = context.services, context.text, await context.translator()
    photos_of_list = await albums.photos_in(services, context.chat_id, key)
    number = selected_photo(t, question, max(photos_of_list, default=0))
    if number is None and len(photos_of_list) == 1:
        number = max(photos_of_list)
    if not photos_of_list:
        await context.reply(questions.which_photo(t))
    elif number == ALL:
        await albums.ask_about_all(services, context.target, photos_of_list.values(), question, t)
    elif number in photos_of_list:
        await _ask(context, without_number(question), photos_of_list[number])
    elif number:  # it was forgotten; the others keep their numbers
        await context.reply(photos.gone(t))
    else:
        ids = {number: photo.id for number, photo in photos_of_list.items()}
        await context.reply(album_replies.which_one(t), album_replies.pick_buttons(t, ids, str(key)))


async def _album_in_question(context: Context, latest: Photo) -> ReplyKey | None:
    """The album that `latest` came in, if the question names one of its photos, or all."""
    services, t = context.services, await context.translator()
    key = await services.album_store.album_of(context.chat_id, latest.id)
    if key is None:
        return None
    photos_of_album = await albums.photos_in(services, context.chat_id, key)
    number = selected_photo(t, context.text, max(photos_of_album, default=0))
    return key if photos_of_album and number is not None else None


async def _ask(context: Context, question: str, photo: Photo) -> None:
    clean_question(question)  # first: a refused question must not be linked to the photo
    await context.services.memory.link(context.chat_id, context.message.message_id, photo.id)
    target = _below_photo(context, photo)
    await ask_about_photo(context.services, target, photo, question, await context.translator())


async def _ask_for_question(context: Context, photo: Photo) -> None:
    services, target, t = context.services, context.target, await context.translator()

    async def send(address: dict[str, Any]) -> Sequence[Message]:
        hint = questions.your_question(t)[:MAX_HINT_CHARS]
        field = ForceReply(selective=target.chat < 0, input_field_placeholder=hint)
        text = questions.how_to_ask(t)
        return [await services.bot.send_message(text=text, reply_markup=field, **address)]

    await services.outbox.send_once(_below_photo(context, photo), send)
    if message := await services.outbox.sent_id(target):
        await services.memory.link(target.chat, message, photo.id)


async def _photo_in_question(context: Context) -> Photo | None:
    """The photo that a question is about. A photo from before the bot's time is remembered now."""
    services, message, target = context.services, context.message, context.replied_message
    if target is None:
        return None if _is_reply(message) else await _latest_photo(context)
    id = await services.memory.photo_of(context.chat_id, target.message_id)
    photo = await services.memory.get(context.chat_id, id) if id else None
    if photo or not has_picture(target):
        # never the latest instead: an answer about the wrong photo is worse than none
        return photo
    text, t = text_to_bot(target), await context.translator()
    _question, note = split_question(text, t.tag)
    picture = services.telegram_files.picture_in(target)
    return await services.photo_store.save(target, picture, note=note, arrival_us=context.arrival_us)


async def _latest_photo(context: Context) -> Photo | None:
    """In a group, of the person who asks: everybody has photos of their own. In a forum, in the topic."""
    chat, sender = context.chat_id, context.user_id or None
    topic = context.target.thread if context.message.chat.is_forum else None
    return await context.services.memory.latest(chat, sender if chat < 0 else None, topic)


def _below_photo(context: Context, photo: Photo) -> ReplyTarget:
    """The answer to a message that replies to nothing stands below the photo: it shows which one is meant."""
    return context.target if _is_reply(context.message) else context.target.below_photo(photo.id)


def _repeated(target: ReplyTarget, question: str) -> str:
    """The question, where its answer does not stand right below it."""
    return "" if target.stands_below_its_question else question


def _is_reply(message: Message) -> bool:
    """Whether it replies to something: here, in another chat, or to a story."""
    return bool(replied_message(message) or message.external_reply or message.reply_to_story)
