"""What a person does in a chat: writes, sends pictures and files, edits, presses buttons, asks inline.

Each becomes messages in the chat and updates for the bot, as Telegram's own apps would cause them: long texts
are cut in pieces, several pictures become an album, and what is no picture goes as a file.
"""

import secrets
from collections.abc import Sequence

from bot.sandbox import groups, inline, media, text
from bot.sandbox.args import ApiError, Json, Upload, bad_request
from bot.sandbox.chat import GONE, YOU, Chat
from bot.sandbox.photos import NotAPhotoError
from bot.sandbox.sandbox import Sandbox

MAX_ALBUM = 10


class Person:
    """One person in one chat of the sandbox, and in one topic if the chat is a forum.

    A group has a negative id, a private chat that of its person.
    """

    def __init__(
        self,
        box: Sandbox,
        *,
        chat: int = YOU,
        user: int = 0,
        language: str = "",
        name: str = "",
        topic: str = "",
    ) -> None:
        self._box = box
        self.user = box.world.person(user or (chat if chat > 0 else YOU), language, name)
        self.chat: Chat = box.world.open_chat(chat, self.user)
        self._topic = groups.topic(box, self.chat, self.user, topic)

    def write(self, body: str, reply_to: int | None = None) -> list[Json]:
        """Send a text, in messages of at most 4096 characters. Raises ApiError 400 for a blank text."""
        if not body.strip():
            raise bad_request("message text is empty")
        return [self._send(_with_entities("text", piece), reply_to) for piece in _pieces(body.strip())]

    async def send_files(
        self,
        uploads: Sequence[Upload],
        caption: str = "",
        *,
        as_file: bool = False,
        kind: str = "",
        via: str = "",
        reply_to: int | None = None,
    ) -> list[Json]:
        """Send photos; as documents if wanted as files, or if they are no pictures. Raises ApiError 400.

        `kind`: one of media.KINDS, where the file's name does not imply it; `via` the name of an inline bot.
        """
        if text.units(caption) > text.MAX_CAPTION:
            raise bad_request("message caption is too long")
        contents = [await self._content(upload, as_file, kind) for upload in uploads]
        contents.sort(key=lambda content: "photo" not in content)  # an album holds one kind
        if contents and caption.strip():
            contents[0] |= _with_entities("caption", caption.strip())
        for content in contents if via else ():
            content["via_bot"] = inline.other_bot(via)
        return [self._send(content, reply_to) for content in _albums(contents)]

    def send_raw(self, content: Json, reply_to: int | None = None) -> list[Json]:
        """Send a message with any content that has no method here: stickers, voices, locations ..."""
        return [self._send(content, reply_to)]

    def edit(self, message_id: int, body: str) -> Json:
        """Edit a text or caption of the person's own. Raises ApiError 400."""
        message = self._box.world.message(self.chat, message_id, "edit")
        if message["from"]["id"] != self.user["id"]:
            raise bad_request("message can't be edited")
        name, marks = ("text", "entities") if "text" in message else ("caption", "caption_entities")
        self._box.world.revise(message, {marks: None, **_with_entities(name, body)})
        self._box.updates.push("edited_message", self._box.world.for_bot(message))
        return self._box.world.for_page(message)

    def press(self, message_id: int, data: str) -> str:
        """Press a button; the answer comes as an event. Returns the query's id. Raises ApiError 400."""
        message = self._box.world.message(self.chat, message_id, "press")
        rows = message.get("reply_markup", {}).get("inline_keyboard", [])
        if data not in [button.get("callback_data") for row in rows for button in row]:
            raise bad_request("no such button")
        query_id = self._box.ask(chat=self.chat.info["id"], message_id=message_id, data=data)
        query = {"id": query_id, "from": self.user, "data": data, "chat_instance": str(self.chat.info["id"])}
        self._box.updates.push("callback_query", {**query, "message": self._box.world.for_bot(message)})
        return query_id

    def ask_inline(self, body: str, offset: str = "") -> str:
        """Type `@bot WORDS` in a message; the results come as an event. Returns the query's id."""
        query_id = self._box.ask(user=self.user["id"])
        kind = self.chat.info["type"] if self.chat.info["id"] < 0 else "sender"
        query = {"id": query_id, "from": self.user, "query": body, "offset": offset, "chat_type": kind}
        self._box.updates.push("inline_query", query)
        return query_id

    def choose(self, query_id: str, result_id: str, reply_to: int | None = None) -> list[Json]:
        """Post one of the results of an inline query, via the bot. Raises ApiError 400."""
        answer = self._box.answers.get(query_id, {})
        result = next(
            (candidate for candidate in answer.get("results", []) if str(candidate["id"]) == result_id), None
        )
        if result is None:
            raise bad_request("no such result")
        content = inline.content(self._box.files, result)
        return [self._send({**content, "via_bot": self._box.world.state.bot}, reply_to)]

    async def _content(self, upload: Upload, as_file: bool, kind: str) -> Json:
        if kind := kind or ("" if as_file else media.kind_of(upload.name)):
            return await media.content(self._box.files, kind, upload.name, upload.data)
        if not as_file:
            try:
                return {"photo": await self._box.files.add_photo(upload.data)}
            except NotAPhotoError:
                pass  # the apps send it as a file then, and so do we
        return {"document": await self._box.files.add_document(upload.name, upload.data)}

    def _send(self, content: Json, reply_to: int | None) -> Json:
        self._check_open()
        if reply_to is not None and reply_to not in self.chat.messages:
            raise bad_request("message to be replied not found")
        message = self._box.world.post(self.chat, self.user, content, reply_to, self._topic)
        if self.chat.bot not in GONE:
            self._box.updates.push("message", self._box.world.for_bot(message))
        return self._box.world.for_page(message)

    def _check_open(self) -> None:
        if self.chat.moved_to:
            raise bad_request(f"this group is the supergroup {self.chat.moved_to} now")
        if self.chat.bot in GONE and self.chat.info["type"] == "private":
            raise ApiError(403, "Forbidden: this person has blocked the bot")


def _with_entities(name: str, body: str) -> Json:
    entities = text.entities(body)
    return {
        name: body,
        **({"entities" if name == "text" else "caption_entities": entities} if entities else {}),
    }


def _pieces(body: str) -> list[str]:
    pieces = []
    while text.units(body) > text.MAX_TEXT:
        cut = next(at for at in range(text.MAX_TEXT, 0, -1) if text.units(body[:at]) <= text.MAX_TEXT)
        pieces.append(body[:cut])
        body = body[cut:]
    return [*pieces, body]


def _albums(contents: list[Json]) -> list[Json]:
    """Contents of one kind that are sent together share a media_group_id, ten at most."""
    for kind in ("photo", "document"):
        same = [content for content in contents if kind in content]
        for start in range(0, len(same), MAX_ALBUM):
            album = same[start : start + MAX_ALBUM]
            group = str(secrets.randbits(56))
            for content in album if len(album) > 1 else []:
                content["media_group_id"] = group
    return contents
