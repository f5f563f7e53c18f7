"""What the operations of `isolation_machine` share: the user, the message, and waiting for the end."""

import asyncio
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

from hypothesis.stateful import RuleBasedStateMachine

from support.security.isolation_world import PEOPLE, World, living, mark, marks_in
from vlm.engine.echo import NAMES

Json = dict[str, Any]
BOT = "@afterimage_bot"


class OperationBase(RuleBasedStateMachine):
    """One world for each example; `count` counts over all examples."""

    url: ClassVar[str] = ""
    count: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.living = living(self.url, Path(self.folder.name))
        self.world: World = self.runner.run(self.living.__aenter__())
        self.queries: list[str] = []  # inline queries that were answered
        self.strangers = 0

    def teardown(self) -> None:
        self.count["calls to Telegram"] += self.world.checked
        self.count["that showed a photo or its words"] += self.world.shown
        self.runner.run(self.living.__aexit__(None, None, None))
        self.runner.close()
        self.folder.cleanup()

    def _done(self, name: str) -> None:
        self.count[name] += 1
        self.runner.run(self.world.settle())

    def _forged(self, name: str, chat: int) -> None:
        """As `_done`; no other chat loses or gains a photo by it."""
        before = self.runner.run(self.world.kept())
        self._done(name)
        after = self.runner.run(self.world.kept())
        assert before[:chat] + before[chat + 1 :] == after[:chat] + after[chat + 1 :], name

    def _write(self, chat: int, pick: int, words: str, reply_to: Json | None = None) -> None:
        called = words if chat < PEOPLE or words[0] == "/" else f"{BOT} {words}"
        self.world.person(chat, pick).write(called, reply_to["message_id"] if reply_to else None)

    def _pick(self, candidates: list[Any], pick: int) -> Any:
        return candidates[-1 - pick % min(len(candidates), 40)] if candidates else None

    def _message(self, chat: int, pick: int, *, of_bot: bool | None = None) -> Json | None:
        message: Json | None = self._pick(self.world.messages(chat, of_bot=of_bot), pick)
        return message

    def _data(self, chat: int) -> list[tuple[Json, str]]:
        """The buttons in a chat, with their callback data."""
        rows = [
            (message, row)
            for message in self.world.messages(chat, of_bot=True)
            for row in message.get("reply_markup", {}).get("inline_keyboard", [])
        ]
        return [(message, button["callback_data"]) for message, row in rows for button in row]

    def _any_mark(self, chat: int, pick: int) -> str:
        """In capitals: of a photo that the chat has had, or might have had."""
        return mark(chat, pick % max(1, self.world.numbers[chat])).upper()

    def _send(self, chat: int, pick: int, count: int = 1, words: str = "", **how: Any) -> None:
        photos = [self.world.next_photo(chat, NAMES[(pick + n) % 10]) for n in range(count)]
        note = words or (f"at home {photos[0][0]}", f"What is {photos[0][0]}?", "")[pick % 3]
        person = self.world.person(chat, pick)
        self.runner.run(self.world.send(person, photos, note, **how))

    def _carry(self, chat: int, posted: Json) -> None:
        sizes = posted.get("photo", []) or [posted["document"]]
        files = {self.world.marked[size["file_id"]] for size in sizes}
        pixels = {(size["width"] - 100, size["height"] - 10) for size in sizes if "width" in size}
        brought = self.world.brought.setdefault(chat, set())
        brought |= marks_in(str(posted.get("caption", ""))) | files | pixels | self._in_file(posted)

    def _in_file(self, posted: Json) -> set[tuple[int, int]]:
        preview = posted.get("document", {}).get("thumbnail")
        return {(preview["width"] - 100, preview["height"] - 10)} if preview else set()

    def _push_press(self, chat: int, pick: int, message: Json, data: str) -> None:
        person, box = self.world.person(chat, pick), self.world.box
        query = box.ask(chat=self.world.ids[chat], data=data)
        wire = message if "_reply_to" not in message else box.world.for_bot(message)
        told = {"id": query, "from": person.user, "data": data, "chat_instance": "1", "message": wire}
        self.world.push("callback_query", told)
