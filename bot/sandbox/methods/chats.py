"""Reading: getFile, getChat, getChatMember, getChatAdministrators, getChatMemberCount.

The first person who wrote in a group is its creator.
"""

from bot.sandbox import groups
from bot.sandbox.args import Args, Json, bad_request
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
    return groups.member(box, box.world.chat(args.text("chat_id")), args.number("user_id"))


async def get_chat_administrators(box: Sandbox, args: Args) -> list[Json]:
    chat = box.world.chat(args.text("chat_id"))
    if chat.info["type"] == "private":
        raise bad_request("there are no administrators in the private chat")
    bot = [box.world.state.bot["id"]] if chat.bot == "administrator" else []
    return [groups.member(box, chat, user_id) for user_id in (chat.members[0], *chat.admins, *bot)]


async def get_chat_member_count(box: Sandbox, args: Args) -> int:
    return len(box.world.chat(args.text("chat_id")).members) + 1  # and the bot
