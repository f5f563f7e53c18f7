"""Sending: sendMessage, sendPhoto, sendDocument, sendSticker, sendMediaGroup, copyMessage, sendChatAction.

Not handled: uploaded stickers, media by URL (nothing outside the loopback is fetched), replies across chats;
reply keyboards are accepted and not shown.
"""

import secrets
from typing import Any

from bot.sandbox import text
from bot.sandbox.args import Args, Json, Upload, bad_request
from bot.sandbox.chat import Chat
from bot.sandbox.photos import NotAPhotoError
from bot.sandbox.sandbox import Sandbox

MAX_ALBUM = 10
MAX_BUTTON_BYTES = 64
COPIED = ("text", "entities", "photo", "document", "sticker", "video", "caption", "caption_entities")
ACTIONS = {
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice",
    "upload_document", "choose_sticker", "find_location", "record_video_note", "upload_video_note",
}  # fmt: skip


async def send_message(box: Sandbox, args: Args) -> Json:
    chat = box.world.chat(args.text("chat_id"))
    written = text.content(args, "text", text.MAX_TEXT)
    if not written:
        raise bad_request("message text is empty")
    return _send(box, chat, args, written)


async def send_photo(box: Sandbox, args: Args) -> Json:
    chat = box.world.chat(args.text("chat_id"))
    caption = text.content(args, "caption", text.MAX_CAPTION)
    sizes = await _photo(box, args.text("photo"), args.upload("photo"), args)
    return _send(box, chat, args, {"photo": sizes, **caption, **_above(args)})


async def send_document(box: Sandbox, args: Args) -> Json:
    chat = box.world.chat(args.text("chat_id"))
    caption = text.content(args, "caption", text.MAX_CAPTION)
    document = await _document(box, args.text("document"), args.upload("document"), args)
    return _send(box, chat, args, {"document": document, **caption})


async def send_sticker(box: Sandbox, args: Args) -> Json:
    chat = box.world.chat(args.text("chat_id"))
    return _send(box, chat, args, {"sticker": box.files.sticker(args.text("sticker"))})


async def send_media_group(box: Sandbox, args: Args) -> list[Json]:
    chat = box.world.chat(args.text("chat_id"))
    media = args.array("media")
    if not media:
        raise bad_request("there are no messages to send")
    if len(media) > MAX_ALBUM:
        raise bad_request("too many messages to send as an album")
    album = str(secrets.randbits(56))
    contents = [await content_of(box, item, args) for item in media]
    return [_send(box, chat, args, {"media_group_id": album, **content}) for content in contents]


async def content_of(box: Sandbox, item: Json, args: Args) -> Json:
    """The content of a message with this InputMedia. Raises ApiError 400."""
    item_args = Args(item, {})
    caption = {**text.content(item_args, "caption", text.MAX_CAPTION), **_above(item_args)}
    match item.get("type"):
        case "photo":
            return {"photo": await _photo(box, str(item.get("media", "")), None, args), **caption}
        case "document":
            return {"document": await _document(box, str(item.get("media", "")), None, args), **caption}
        case _:
            raise bad_request("can't parse InputMedia: type must be photo or document here")


async def copy_message(box: Sandbox, args: Args) -> Json:
    """Send the content of a message again, as the bot's own."""
    chat, source = box.world.chat(args.text("chat_id")), box.world.chat(args.text("from_chat_id"))
    original = box.world.message(source, args.number("message_id"), "copy")
    content = {key: original[key] for key in COPIED if key in original}
    if not content:
        raise bad_request("message can't be copied")
    if "caption" in args:
        content = {key: value for key, value in content.items() if not key.startswith("caption")}
        content |= text.content(args, "caption", text.MAX_CAPTION)
    return {"message_id": _send(box, chat, args, content)["message_id"]}


async def send_chat_action(box: Sandbox, args: Args) -> bool:
    chat = box.world.chat(args.text("chat_id"))
    if args.text("action") not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    box.feed.publish("typing", chat=chat.info["id"], action=args.text("action"))
    return True


async def _photo(box: Sandbox, named: str, upload: Upload | None, args: Args) -> list[Json]:
    upload = upload or _attached(named, args, "photo")
    if upload is None:
        return box.files.photo(named)
    try:
        return await box.files.add_photo(upload.data)
    except NotAPhotoError as error:
        raise bad_request(str(error)) from None


async def _document(box: Sandbox, named: str, upload: Upload | None, args: Args) -> Json:
    upload = upload or _attached(named, args, "document")
    return await box.files.add_document(upload.name, upload.data) if upload else box.files.document(named)


def _attached(named: str, args: Args, kind: str) -> Upload | None:
    """The upload that `attach://NAME` means; None if `named` is a file_id."""
    if not named:
        raise bad_request(f"there is no {kind} in the request")
    if named.startswith(("http://", "https://")):
        raise bad_request("failed to get HTTP URL content")
    if not named.startswith("attach://"):
        return None
    if upload := args.upload(named.removeprefix("attach://")):
        return upload
    raise bad_request(f"can't parse {kind}: attached file not found")


def _above(args: Args) -> Json:
    return {"show_caption_above_media": True} if args.flag("show_caption_above_media") else {}


def _send(box: Sandbox, chat: Chat, args: Args, content: Json) -> Json:
    keyboard, reply_to = inline_keyboard(args), _reply_to(chat, args)
    topic = args.number("message_thread_id", 0)
    if topic and topic not in chat.topics:
        raise bad_request("message thread not found")
    message = box.world.post(
        chat,
        box.world.state.bot,
        {
            **content,
            **({"reply_markup": keyboard} if keyboard else {}),
            **_prompt(box, chat, args, content, reply_to),
        },
        reply_to,
        topic,
    )
    return box.world.for_bot(message)


def _reply_to(chat: Chat, args: Args) -> int | None:
    reply = args.object("reply_parameters")
    if not reply:
        return None
    message_id = int(reply.get("message_id", 0))
    if message_id in chat.messages:
        return message_id
    if reply.get("allow_sending_without_reply"):
        return None
    raise bad_request("message to be replied not found")


def _prompt(box: Sandbox, chat: Chat, args: Args, content: Json, reply_to: int | None) -> Json:
    """For ForceReply: a hint to the page to open a reply to the message, `for` these people; None: for all.

    A selective prompt is for the people it mentions, and for the author of the message it replies to.
    """
    markup = args.object("reply_markup")
    if not markup.get("force_reply"):
        return {}
    people = None
    if markup.get("selective"):
        author = chat.messages.get(reply_to or 0, {}).get("from", {}).get("id")
        people = [*text.mentioned(content, box.world.state.users), *([author] if author else [])]
    return {"_prompt": {"hint": markup.get("input_field_placeholder", ""), "for": people}}


def inline_keyboard(args: Args) -> Json | None:
    """The message's buttons, or None. Raises ApiError 400 for a button that Telegram would refuse."""
    rows: Any = args.object("reply_markup").get("inline_keyboard")
    if not rows:
        return None
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request("can't parse inline keyboard markup JSON object")
    for button in [button for row in rows for button in row]:
        _check_button(button)
    return {"inline_keyboard": rows}


def _check_button(button: Json) -> None:
    if not button.get("text"):
        raise bad_request("inline keyboard button text is empty")
    data = button.get("callback_data")
    if data is not None and not 0 < len(str(data).encode()) <= MAX_BUTTON_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
    if len(button) < 2:
        raise bad_request("text buttons are unallowed in the inline keyboard")
