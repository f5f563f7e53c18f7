"""People, chats and messages. A message is kept as the JSON that Telegram would send, with two
differences: `_reply_to` holds an id instead of a copy, and keys that begin with `_` are for the page only
(`_read`, `_reactions`, `_topic`).

    State         everything that a restart must keep
    SandboxWorld  the changes of the state; each is published on the feed

A chat's id tells its kind, as at Telegram: above 0 it is private, from SUPERGROUPS down a supergroup, between
them a group. A supergroup counts its own messages; all other chats share one count.
"""

import time

import msgspec

from bot.sandbox.args import ApiError, Json, bad_request
from bot.sandbox.feed import Feed
from bot.sandbox.files import StoredFile

BOT = 8_100_000_001  # past 32 bits, as Telegram's newer ids are
YOU = 6_000_000_001
FRIENDS = {6_000_000_002: "Ada", 6_000_000_003: "Noor"}  # the other people of the page's group
MAX_PERSON = 10**10
SUPERGROUPS = -1_000_000_000_000
OF_FRIENDS = -1_900_000_000_000  # minus the id of the page's user
GONE = ("kicked", "left")
_GONE_FROM = {
    "private": "blocked by the user",
    "group": "kicked from the group chat",
    "supergroup": "kicked from the supergroup chat",
}


class Chat(msgspec.Struct, kw_only=True):
    """A conversation, as the bot could know it.

    members   ids of people; the first one is the creator
    admins    ids of the other administrators
    bot       the bot's own status: member, administrator, left or kicked (in private: blocked)
    topics    a forum's topics: message_thread_id -> name
    moved_to  the supergroup that this group has become; 0 if it has not
    """

    info: Json
    members: list[int]
    messages: dict[int, Json] = {}
    admins: list[int] = []
    bot: str = "member"
    topics: dict[int, str] = {}
    moved_to: int = 0
    next_message: int = 1


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
    files: dict[str, StoredFile] = {}
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
    """A bot without chats."""
    return State(bot={"id": BOT, "is_bot": True, "first_name": name, "username": username})


class SandboxWorld:
    def __init__(self, state: State, feed: Feed) -> None:
        self.state = state
        self.feed = feed

    def person(self, user_id: int = YOU, language: str = "", name: str = "") -> Json:
        """The user, created if there is none. A given language or name replaces the old one."""
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

    def open_chat(self, chat_id: int, user: Json) -> Chat:
        """The chat in which `user` writes, created if needed. Raises ApiError 400 for the chat of another."""
        if chat_id not in self.state.chats:
            self.state.chats[chat_id] = Chat(info=_info(chat_id, user), members=self._first_members(chat_id))
        chat = self.state.chats[chat_id]
        if user["id"] not in chat.members:
            chat.members.append(user["id"])
        return chat

    def _first_members(self, chat_id: int) -> list[int]:
        owner = owner_of(chat_id)
        if not owner:
            return []
        self.person(owner)
        return [owner, *(self.person(friend, name=name)["id"] for friend, name in FRIENDS.items())]

    def chat(self, chat_id: int | str) -> Chat:
        """The chat with this id, for the bot. Raises ApiError: 400 if unknown or moved, 403 if left."""
        chat = self.state.chats.get(int(chat_id)) if str(chat_id).lstrip("-").isdecimal() else None
        if chat is None:
            raise bad_request("chat not found" if chat_id else "chat_id is empty")
        if chat.moved_to:
            raise ApiError(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                {"migrate_to_chat_id": chat.moved_to},
            )
        if chat.bot in GONE:
            raise ApiError(403, f"Forbidden: bot was {_GONE_FROM[chat.info['type']]}")
        return chat

    def message(self, chat: Chat, message_id: int, verb: str) -> Json:
        """A message of the chat. Raises ApiError 400 'message to VERB not found'."""
        if message_id not in chat.messages:
            raise bad_request(f"message to {verb} not found")
        return chat.messages[message_id]

    def post(
        self, chat: Chat, sender: Json, content: Json, reply_to: int | None = None, topic: int = 0
    ) -> Json:
        """A new message in the chat. `content`: the fields that depend on its kind."""
        message_id = self._next_id(chat)
        basics = {"message_id": message_id, "from": sender, "chat": chat.info, "date": int(time.time())}
        message = {**basics, **_thread(chat, reply_to, topic), **content}
        if reply_to is not None:
            message["_reply_to"] = reply_to
        chat.messages[message_id] = message
        self.feed.publish("message", chat=chat.info["id"], message=self.for_page(message))
        return message

    def _next_id(self, chat: Chat) -> int:
        counter = chat if chat.info["type"] == "supergroup" else self.state
        counter.next_message += 1
        return counter.next_message - 1

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
        self.publish_edit(message)

    def publish_edit(self, message: Json) -> None:
        """Publish that the message has changed."""
        self.feed.publish("edit", chat=message["chat"]["id"], message=self.for_page(message))

    def delete(self, chat: Chat, message_id: int) -> None:
        del chat.messages[message_id]
        self.feed.publish("delete", chat=chat.info["id"], message_id=message_id)

    def for_page(self, message: Json) -> Json:
        """The message for the page, with the message it replies to, one level deep."""
        chat = self.state.chats[message["chat"]["id"]]
        shown = dict(message)
        if original := chat.messages.get(message.get("_reply_to", 0)):
            shown["reply_to_message"] = _plain(original)
        if topic := chat.topics.get(message.get("message_thread_id", 0)):
            shown["_topic"] = topic
        return shown

    def for_bot(self, message: Json) -> Json:
        """The message for the Bot API: a topic's message that is no reply replies to the topic's first."""
        chat = self.state.chats[message["chat"]["id"]]
        wire = {**self.for_page(message)}
        root = chat.messages.get(message["message_thread_id"]) if message.get("is_topic_message") else None
        if root and root is not message:
            wire.setdefault("reply_to_message", root)
        if "reply_to_message" in wire:
            wire["reply_to_message"] = _public(wire["reply_to_message"])
        return _public(wire)


def owner_of(chat_id: int) -> int:
    """The user whose group 'Friends' this is; 0 for any other chat."""
    return max(0, OF_FRIENDS - chat_id) if OF_FRIENDS - chat_id < MAX_PERSON else 0


def friends_of(user_id: int) -> int:
    """The id of that person's group 'Friends'."""
    return OF_FRIENDS - user_id


def _public(message: Json) -> Json:
    return {key: value for key, value in message.items() if not key.startswith("_")}


def _plain(message: Json) -> Json:
    return {key: value for key, value in message.items() if key != "_reply_to"}


def _thread(chat: Chat, reply_to: int | None, topic: int) -> Json:
    """The topic in a forum; in other supergroups the thread of replies, as Telegram has it."""
    original = chat.messages.get(reply_to or 0, {})
    if topic or original.get("is_topic_message"):
        return {"message_thread_id": topic or original["message_thread_id"], "is_topic_message": True}
    if original and chat.info["type"] == "supergroup" and not chat.topics:
        return {"message_thread_id": original.get("message_thread_id", reply_to)}
    return {}


def _info(chat_id: int, user: Json) -> Json:
    if chat_id < 0:
        kind = "supergroup" if chat_id <= SUPERGROUPS else "group"
        return {"id": chat_id, "type": kind, "title": "Friends" if owner_of(chat_id) else f"Group {-chat_id}"}
    if chat_id != user["id"]:
        raise ApiError(400, "a private chat has the id of its person")
    return {"id": chat_id, "type": "private", "first_name": user["first_name"], "username": user["username"]}
