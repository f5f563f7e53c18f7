"""People, chats and messages. A message is kept as the JSON that Telegram would send of it, with two
differences: `_reply_to` holds an id instead of a copy, and keys that begin with `_` are for the page only
(`_read`, `_reactions`).

    State    all that a restart must remember
    World    what may happen to it; every change is published on the feed
"""

import time

import msgspec

from bot.sandbox.args import ApiError, Json, bad_request
from bot.sandbox.feed import Feed
from bot.sandbox.files import File

BOT = 8_100_000_001  # past 32 bits, as Telegram's newer ids are
YOU = 6_000_000_001


class Chat(msgspec.Struct, kw_only=True):
    info: Json
    members: list[int]
    messages: dict[int, Json] = {}


class Webhook(msgspec.Struct, kw_only=True):
    url: str
    secret: str = ""
    max_connections: int = 40
    last_error_date: int = 0
    last_error_message: str = ""


class State(msgspec.Struct, kw_only=True):
    bot: Json
    users: dict[int, Json] = {}
    chats: dict[int, Chat] = {}
    files: dict[str, File] = {}
    pending: list[Json] = []
    allowed_updates: list[str] = []
    webhook: Webhook | None = None
    commands: dict[str, list[Json]] = {}
    profile: dict[str, str] = {}
    next_message: int = 1
    next_update: int = 500_000_001

    def message(self, like: Json) -> Json | None:
        """The stored message that `like` is a copy of."""
        chat = self.chats.get(like.get("chat", {}).get("id", 0))
        return chat.messages.get(like["message_id"]) if chat else None


def new_state(name: str, username: str) -> State:
    """A bot, and nobody yet to talk to."""
    return State(bot={"id": BOT, "is_bot": True, "first_name": name, "username": username})


class World:
    def __init__(self, state: State, feed: Feed) -> None:
        self.state = state
        self.feed = feed

    def person(self, user_id: int = YOU, language: str = "", name: str = "") -> Json:
        """The user, made at first sight. A language or name that is given replaces the old one."""
        user = self.state.users.setdefault(
            user_id,
            {"id": user_id, "is_bot": False, "first_name": "You" if user_id == YOU else f"Person {user_id}"},
        )
        user.setdefault("username", "you" if user_id == YOU else f"person{user_id}")
        user.update(
            {key: value for key, value in (("language_code", language), ("first_name", name)) if value}
        )
        user.setdefault("language_code", "en")
        return user

    def room(self, chat_id: int, user: Json) -> Chat:
        """The chat in which `user` writes, made at first sight: private with a person's id, else a group."""
        if chat_id not in self.state.chats:
            self.state.chats[chat_id] = Chat(info=_info(chat_id, user), members=[])
        chat = self.state.chats[chat_id]
        if user["id"] not in chat.members:
            chat.members.append(user["id"])
        return chat

    def chat(self, chat_id: int | str) -> Chat:
        """The chat that the bot means. Raises ApiError 400."""
        found = self.state.chats.get(int(chat_id)) if str(chat_id).lstrip("-").isdecimal() else None
        if found is None:
            raise bad_request("chat not found" if chat_id else "chat_id is empty")
        return found

    def message(self, chat: Chat, message_id: int, verb: str) -> Json:
        """Raises ApiError 400 'message to VERB not found'."""
        if message_id not in chat.messages:
            raise bad_request(f"message to {verb} not found")
        return chat.messages[message_id]

    def post(self, chat: Chat, sender: Json, content: Json, reply_to: int | None = None) -> Json:
        """A new message in the chat. `content` is all that is particular to its kind."""
        message_id, self.state.next_message = self.state.next_message, self.state.next_message + 1
        basics = {"message_id": message_id, "from": sender, "chat": chat.info, "date": int(time.time())}
        message = {**basics, **content}
        if reply_to is not None:
            message["_reply_to"] = reply_to
        chat.messages[message_id] = message
        self.feed.publish("message", chat=chat.info["id"], message=self.shown(message))
        return message

    def edit(self, message: Json, changes: Json) -> Json:
        """Replace parts of the bot's message; None removes one. Raises ApiError 400 if nothing changes."""
        if message["from"]["id"] != self.state.bot["id"]:
            raise bad_request("message can't be edited")
        if all(message.get(key) == value for key, value in changes.items()):
            raise bad_request(
                "message is not modified: specified new message content and reply markup are exactly the "
                "same as a current content and reply markup of the message"
            )
        self.revise(message, changes)
        return message

    def revise(self, message: Json, changes: Json) -> None:
        """Whoever wrote it: replace parts, remove those that are None, and mark the message as edited."""
        message.update(changes, edit_date=int(time.time()))
        for key in [key for key, value in message.items() if value is None]:
            del message[key]
        self.touched(message)

    def touched(self, message: Json) -> None:
        """Tell the page that the message looks different now."""
        self.feed.publish("edit", chat=message["chat"]["id"], message=self.shown(message))

    def delete(self, chat: Chat, message_id: int) -> None:
        del chat.messages[message_id]
        self.feed.publish("delete", chat=chat.info["id"], message_id=message_id)

    def shown(self, message: Json) -> Json:
        """The message as the page gets it, with the one it replies to, one level deep."""
        original = self.state.chats[message["chat"]["id"]].messages.get(message.get("_reply_to", 0))
        if original is None:
            return dict(message)
        return {
            **message,
            "reply_to_message": {key: value for key, value in original.items() if key != "_reply_to"},
        }

    def wire(self, message: Json) -> Json:
        """The message as the Bot API gives it."""
        return _without_private(self.shown(message))


def _without_private(message: Json) -> Json:
    plain = {key: value for key, value in message.items() if not key.startswith("_")}
    if "reply_to_message" in plain:
        plain["reply_to_message"] = _without_private(plain["reply_to_message"])
    return plain


def _info(chat_id: int, user: Json) -> Json:
    if chat_id < 0:
        return {"id": chat_id, "type": "supergroup", "title": f"Group {-chat_id}"}
    if chat_id != user["id"]:
        raise ApiError(400, "a private chat has the id of its person")
    return {"id": chat_id, "type": "private", "first_name": user["first_name"], "username": user["username"]}
