"""Reading: getFile, getChat, getChatMember, getChatAdministrators, getChatMemberCount.

Whoever wrote first in a group is its creator.
"""

from bot.sandbox.args import Args, Json, bad_request
from bot.sandbox.chat import Chat
from bot.sandbox.sandbox import Sandbox


async def get_file(box: Sandbox, args: Args) -> Json:
    return box.files.downloadable(args.text("file_id"))


async def get_chat(box: Sandbox, args: Args) -> Json:
    return {
        **box.world.chat(args.text("chat_id")).info,
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(
            (
                "unlimited_gifts",
                "limited_gifts",
                "unique_gifts",
                "premium_subscription",
                "gifts_from_channels",
            ),
            False,
        ),
    }


async def get_chat_member(box: Sandbox, args: Args) -> Json:
    return _member(box, box.world.chat(args.text("chat_id")), args.number("user_id"))


async def get_chat_administrators(box: Sandbox, args: Args) -> list[Json]:
    chat = box.world.chat(args.text("chat_id"))
    if chat.info["type"] == "private":
        raise bad_request("there are no administrators in the private chat")
    return [_member(box, chat, chat.members[0])]


async def get_chat_member_count(box: Sandbox, args: Args) -> int:
    return len(box.world.chat(args.text("chat_id")).members) + 1  # and the bot


def _member(box: Sandbox, chat: Chat, user_id: int) -> Json:
    if user_id == box.world.state.bot["id"]:
        return {"user": box.world.state.bot, "status": "member"}
    if user_id not in chat.members:
        raise bad_request("user not found")
    user = box.world.person(user_id)
    if user_id == chat.members[0]:
        return {"user": user, "status": "creator", "is_anonymous": False}
    return {"user": user, "status": "member"}
