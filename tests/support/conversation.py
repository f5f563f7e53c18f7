"""A conversation as a table: each row is a user, an action and what the chat must show afterwards.

    ("Ada", sends("red", name="bike"), hears("AI caption: a red picture"))

What the bot said or changed in that chat since the step began must meet the expectations. `name=` names a
message, so that later steps can reply to it, edit it or press its buttons; a group `(?P<word>...)` of a
pattern keeps a word, for later texts that say `{word}`. The bot's catalogs have the words in other languages.

The actions are in actions.py, the expectations in expectations.py, the conversation in scenario.py.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from redis import Redis

from bot.i18n.translator import translator_for
from support.bot_stack import Json, Person, Stack, wait_until

# An update passes from one to the next.
STREAMS = ("updates", "jobs:interactive", "jobs:busy", "jobs:bulk", "results", "exports")


class Conversation:
    """The people and their messages so far. `bot` holds the bot's settings.

    is_deadly   bot and worker are killed in the middle of each `deadly` action
    is_idle     what comes in is done at once
    last_answer the answer to the last press or inline query
    """

    def __init__(
        self, stack: Stack, cast: dict[str, Person], bot: dict[str, str], *, is_deadly: bool = False
    ) -> None:
        self.stack = stack
        self.cast = cast
        self.is_deadly = is_deadly
        self.named: dict[str, Json] = {}
        self.words: dict[str, str] = {}
        self.last_answer: Json = {}
        self.is_idle = True
        self._bot = bot
        self._before: dict[int, Json] = {}
        self._redis = Redis.from_url(stack.server.url)
        self._redis.config_set("rdbcompression", "no")

    def play(self, step: "Step") -> None:
        """Run one step and check its expectations."""
        person = self.cast[step.who]
        self._before = {message["message_id"]: message for message in person.messages()}
        try:
            step.action(self, person)
            for expectation in step.expectations:
                expectation(self, self.cast[step.who])
            if self.is_idle:
                self.settle()
        except Exception as error:
            error.add_note(f"That was {step.who}, item {step.item}. The chat:\n{self._chat(step.who)}")
            raise

    def kill(self) -> None:
        """Kill bot and worker, and start them again."""
        self.stack.kill("bot", "worker")
        self.stack.start_worker()
        self.stack.start_bot(**self._bot)

    def settle(self) -> None:
        """Wait until all streams are empty; checked twice, as one stream feeds another."""
        wait_until(lambda: self._is_settled() and self._is_settled())

    def _is_settled(self) -> bool:
        waiting = self.stack.call_bot("getWebhookInfo")["pending_update_count"]
        return not waiting and not any(self._redis.xlen(f"{{afterimage}}:{name}") for name in STREAMS)

    def news(self, who: Person) -> list[Json]:
        """The bot's messages that are new or edited since the step began."""
        bot_messages = [message for message in who.messages() if message["from"]["is_bot"]]
        return [message for message in bot_messages if self._before.get(message["message_id"]) != message]

    def gone(self, who: Person) -> list[Json]:
        """The messages deleted since the step began."""
        left = {message["message_id"] for message in who.messages()}
        return [message for id, message in self._before.items() if id not in left]

    def id_of(self, name: str) -> int | None:
        return int(self.named[name]["message_id"]) if name else None

    def now(self, who: Person, name: str) -> Json:
        """A named message as it is now."""
        return next(
            message for message in who.messages() if message["message_id"] == self.named[name]["message_id"]
        )

    def traces(self, word: str) -> list[str]:
        """The Redis keys whose name or content contains a word."""
        traces = [key for key in self._redis.scan_iter(count=1000) if word.encode() in key + self._held(key)]
        return [key.decode() for key in traces]

    def _held(self, key: bytes) -> bytes:
        return self._redis.dump(key) or b""  # with nothing compressed: see `__init__`

    def _chat(self, who: str) -> str:
        lines = [
            f"{message['from']['first_name']}: {words(message)}" for message in self.cast[who].messages()
        ]
        return "\n".join(lines[-8:])


Action = Callable[[Conversation, Person], None]
Expectation = Callable[[Conversation, Person], None]


class Step(NamedTuple):
    """`item` is the number of the feature that the step shows, 1 to 10."""

    item: int
    who: str
    action: Action
    expectations: tuple[Expectation, ...]


def about(item: int, *rows: tuple[Any, ...]) -> list[Step]:
    """Steps that show one feature. A row is the user, the action and any number of expectations."""
    return [Step(item, who, action, tuple(expectations)) for who, action, *expectations in rows]


def words(message: Json) -> str:
    return str(message.get("text") or message.get("caption") or "")


def said_in(code: str, reply: Callable[..., str], *values: Any, **more: Any) -> str:
    """A pattern for a reply in another language, which must have a translation."""
    in_it = reply(translator_for(code), *values, **more)
    assert in_it != reply(translator_for("en"), *values, **more), f"no words for it in {code}: {in_it}"
    return re.escape(in_it)
