"""Editing: editMessageText, -Caption, -Media, -ReplyMarkup, deleteMessage(s), reactions.

Not handled: messages that were sent through inline mode (inline_message_id).
"""

from bot.sandbox import text
from bot.sandbox.args import Args, Json, bad_request
from bot.sandbox.chat import Chat
from bot.sandbox.methods.messages import content_of, inline_keyboard
from bot.sandbox.sandbox import Sandbox


async def edit_message_text(box: Sandbox, args: Args) -> Json:
    message = _to_edit(box, args)
    written = text.content(args, "text", text.MAX_TEXT)
    if not written:
        raise bad_request("message text is empty")
    if "text" not in message:
        raise bad_request("there is no text in the message to edit")
    return _edit(box, args, message, {"text": None, "entities": None, **written})


async def edit_message_caption(box: Sandbox, args: Args) -> Json:
    message = _to_edit(box, args)
    caption = text.content(args, "caption", text.MAX_CAPTION)
    if "photo" not in message and "document" not in message:
        raise bad_request("there is no caption in the message to edit")
    return _edit(box, args, message, {"caption": None, "caption_entities": None, **caption})


async def edit_message_media(box: Sandbox, args: Args) -> Json:
    message = _to_edit(box, args)
    if "photo" not in message and "document" not in message:
        raise bad_request("message content can't be edited to media here")
    removed = dict.fromkeys(("photo", "document", "caption", "caption_entities", "show_caption_above_media"))
    return _edit(box, args, message, {**removed, **await content_of(box, args.object("media"), args)})


async def edit_message_reply_markup(box: Sandbox, args: Args) -> Json:
    return _edit(box, args, _to_edit(box, args), {})


def _to_edit(box: Sandbox, args: Args) -> Json:
    if "inline_message_id" in args:
        raise bad_request("MESSAGE_ID_INVALID")
    chat = box.world.chat(args.text("chat_id"))
    return box.world.message(chat, args.number("message_id"), "edit")


def _edit(box: Sandbox, args: Args, message: Json, changes: Json) -> Json:
    # An edit without reply_markup removes the buttons, as at Telegram.
    return box.world.for_bot(box.world.edit(message, {**changes, "reply_markup": inline_keyboard(args)}))


async def delete_message(box: Sandbox, args: Args) -> bool:
    chat = box.world.chat(args.text("chat_id"))
    message = box.world.message(chat, args.number("message_id"), "delete")
    if not _may_delete(box, chat, message):
        raise bad_request("message can't be deleted")
    box.world.delete(chat, message["message_id"])
    return True


async def delete_messages(box: Sandbox, args: Args) -> bool:
    chat = box.world.chat(args.text("chat_id"))
    for message_id in args.array("message_ids"):
        if message_id in chat.messages and _may_delete(box, chat, chat.messages[message_id]):
            box.world.delete(chat, message_id)
    return True


def _may_delete(box: Sandbox, chat: Chat, message: Json) -> bool:
    """In a group, only an administrator deletes the messages of others."""
    own = message["from"]["id"] == box.world.state.bot["id"]
    return own or chat.info["type"] == "private" or chat.bot == "administrator"


async def set_message_reaction(box: Sandbox, args: Args) -> bool:
    chat = box.world.chat(args.text("chat_id"))
    message = box.world.message(chat, args.number("message_id"), "react")
    reactions = args.array("reaction")
    if not all(
        isinstance(reaction, dict) and reaction.get("type") in {"emoji", "custom_emoji"}
        for reaction in reactions
    ):
        raise bad_request("REACTION_INVALID")
    message["_reactions"] = reactions
    box.world.publish_edit(message)
    return True
