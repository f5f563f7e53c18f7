"""Changes of a chat: the bot is added or removed, administrators, topics, migration to a supergroup.

The bot gets the updates that Telegram would send: `my_chat_member`, and a service message if there is one.
"""

import time

from bot.sandbox.args import ApiError, Json, bad_request
from bot.sandbox.chat import GONE, SUPERGROUPS, Chat
from bot.sandbox.sandbox import Sandbox

_RIGHTS = (
    "can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats",
    "can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories",
    "can_edit_stories", "can_delete_stories",
)  # fmt: skip
_ICON = 7_322_096


def member(box: Sandbox, chat: Chat, user_id: int) -> Json:
    """A ChatMember. Raises ApiError 400 for a user who is not in the chat."""
    if user_id == box.world.state.bot["id"]:
        return _chat_member(box.world.state.bot, chat.bot)
    if user_id not in chat.members:
        raise bad_request("user not found")
    user = box.world.person(user_id)
    if user_id == chat.members[0] and chat.info["type"] != "private":
        return {"user": user, "status": "creator", "is_anonymous": False}
    return _chat_member(user, "administrator" if user_id in chat.admins else "member")


def is_admin(chat: Chat, user_id: int) -> bool:
    return user_id in (chat.members[0], *chat.admins)


def _chat_member(user: Json, status: str) -> Json:
    more: Json = {}
    if status == "administrator":
        more = dict.fromkeys(_RIGHTS, True) | {"is_anonymous": False}
    elif status == "kicked":
        more = {"until_date": 0}
    return {"user": user, "status": status, **more}


def set_bot(box: Sandbox, chat: Chat, actor: Json, status: str) -> None:
    """Block, add, remove or promote the bot. Does nothing if it has that status already."""
    if status == chat.bot:
        return
    bot = box.world.state.bot
    before, chat.bot = chat.bot, status
    change = {"old_chat_member": _chat_member(bot, before), "new_chat_member": _chat_member(bot, status)}
    update = {"chat": chat.info, "from": actor, "date": int(time.time()), **change}
    box.updates.push("my_chat_member", update)
    if chat.info["type"] == "private":
        return
    if status in GONE:  # a removed bot does not get the service message
        box.world.post(chat, actor, {"left_chat_member": bot})
    elif before in GONE:
        _announce(box, chat, actor, {"new_chat_members": [bot]})


def promote(box: Sandbox, chat: Chat, user_id: int, *, admin: bool) -> Json:
    """Make a group's member an administrator, or a plain member again. Returns the ChatMember."""
    if chat.info["type"] == "private":
        raise bad_request("there are no administrators in the private chat")
    if user_id == box.world.state.bot["id"]:
        set_bot(box, chat, box.world.person(chat.members[0]), "administrator" if admin else "member")
        return member(box, chat, user_id)
    if user_id not in chat.members:
        chat.members.append(user_id)
    chat.admins = [admin_id for admin_id in chat.admins if admin_id != user_id] + ([user_id] if admin else [])
    return member(box, chat, user_id)


def topic(box: Sandbox, chat: Chat, actor: Json, name: str) -> int:
    """The message_thread_id of the topic with that name, created if there is none; 0 for no name."""
    if not name:
        return 0
    if existing := next((thread for thread, topic in chat.topics.items() if topic == name), 0):
        return existing
    if chat.info["type"] != "supergroup":
        raise ApiError(400, f"only supergroups have topics: use a chat id of {SUPERGROUPS} or below")
    chat.info["is_forum"] = True
    message = box.world.post(chat, actor, {"forum_topic_created": {"name": name, "icon_color": _ICON}})
    thread: int = message["message_id"]
    chat.topics[thread] = name
    message |= {"message_thread_id": thread, "is_topic_message": True}
    _push(box, chat, message)
    return thread


def migrate(box: Sandbox, chat: Chat, actor: Json) -> Chat:
    """A group becomes a supergroup: another id, its own count of messages, the same people."""
    if chat.info["type"] != "group" or chat.moved_to:
        raise bad_request("only a group can become a supergroup, and only once")
    new_id = SUPERGROUPS + chat.info["id"]
    info = {"id": new_id, "type": "supergroup", "title": chat.info["title"]}
    new = Chat(info=info, members=list(chat.members), admins=list(chat.admins), bot=chat.bot)
    box.world.state.chats[new_id] = new
    _announce(box, chat, actor, {"migrate_to_chat_id": new_id})
    chat.moved_to = new_id
    _announce(box, new, actor, {"migrate_from_chat_id": chat.info["id"]})
    return new


def _announce(box: Sandbox, chat: Chat, actor: Json, service: Json) -> None:
    _push(box, chat, box.world.post(chat, actor, service))


def _push(box: Sandbox, chat: Chat, message: Json) -> None:
    if chat.bot not in GONE:
        box.updates.push("message", box.world.for_bot(message))
