"""The ledger: every update that was sent, and its outcome as the chats show it.

    answer     the expected answer
    refusal    a refusal that says what to do instead
    apology    'Sorry, ...'
    silence    nothing, and nothing was expected
    unread     nothing, in a chat where nobody could read it
    wrong      anything else
    lost       nothing, or a placeholder that stays

More than one of these for one update is *doubled*. A message that Telegram sent for a bot that died before
the reply arrived is *unheard*. It stays beside the next bot's message: the Bot API cannot list sent messages.
The bot's own records tell the two apart: see bot/transport/outbox.py.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from support.faults.chat_view import ChatView, Json

REFUSALS = re.compile(
    r"again|first|Please|I have too much to do|already have \d+|not a picture|cannot look at|larger than"
    r"|I do not|I keep nothing|no longer|No worker|Nothing|Reply to"
)

OF_QUESTIONS = re.compile("AI answers? |Thinking|Your question")


@dataclass
class Sent:
    """An action of a user, and the expected answer.

    wants      the text of its answer
    words      what the engine says of the photo
    message    the id of the message that was sent; 0: a press or an inline query
    below      the message that is replied to, where it is not that one
    token      words that only its answer has: it is known by them, wherever it stands
    query      the id of a press or an inline query
    updates    how many updates it is
    pictures   whether it may bring photos of others, each once
    others     the other messages of an album: any of them may be the one that is replied to
    after      what it came with: when that is refused, so is this
    """

    kind: str
    chat: int
    wants: str
    words: str = ""
    message: int = 0
    below: int = 0
    token: str = ""
    query: str = ""
    updates: int = 1
    pictures: bool = False
    after: "Sent | None" = None
    others: tuple[int, ...] = ()


class Verdict(NamedTuple):
    """`times` counts the answers that the bot has recorded, `unheard` those that it has not."""

    outcome: str
    times: int = 1
    unheard: int = 0


@dataclass
class Ledger:
    """`idempotency_keys`: chat -> message id -> idempotency key, as the bot recorded them; empty until read.

    gone    chats in which nobody can read the bot any more
    moved   groups, and what they became: their answers may come there, as messages that reply to nothing
    is_full   so much is under way that nothing should be sent just now
    """

    chat_view: ChatView
    entries: list[Sent] = field(default_factory=list)
    idempotency_keys: dict[int, dict[int, str]] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    moved: dict[int, int] = field(default_factory=dict)
    is_full: bool = False

    def note(self, sent: Sent) -> Sent:
        self.entries.append(sent)
        return sent

    @property
    def updates(self) -> int:
        return sum(entry.updates for entry in self.entries)

    def verdict(self, sent: Sent) -> Verdict:
        """The outcome so far."""
        if sent.query:
            missing = "unread" if sent.chat in self.gone else "lost"
            return Verdict("answer" if sent.query in self.chat_view.answers else missing)
        answers = self.answers_to(sent)
        final = [message for message in answers if not is_waiting(message["text"])]
        heard = [message for message in final if self._is_heard(message)]
        unheard = sum(not self._is_heard(message) for message in answers)
        if sent.kind in ("silence", "forgotten") and not heard:
            return Verdict("silence", unheard=unheard)
        if (
            not final
            and sent.after
            and (came_with := self.verdict(sent.after)).outcome in ("refusal", "apology")
        ):
            return came_with._replace(unheard=unheard)
        if not final:
            return Verdict("unread" if sent.chat in self.gone else "lost", unheard=unheard)
        pictures, lost_sight = self._pictures(sent) if sent.pictures else (1, 0)
        return Verdict(self._kind(sent, final), max(1, len(heard), pictures), unheard + lost_sight)

    def open(self) -> list[Sent]:
        """The entries without an outcome."""
        return [entry for entry in self.entries if self.verdict(entry).outcome == "lost"]

    def answers_to(self, sent: Sent) -> list[Json]:
        """The messages that answer an entry."""
        bot_messages = [message for message in self._bot_messages(sent) if "text" in message]
        here = [message for message in bot_messages if self._is_about(sent, message)]
        fitting = [message for message in here if re.search(sent.wants, message["text"], re.DOTALL)]
        if sent.kind == "detail":
            return fitting
        if sent.token:
            named = [message for message in bot_messages if f"{sent.token}?" in message["text"]]
            return named or (here if sent.message else [])
        if sent.kind in ("photo", "album"):
            waiting = [message for message in here if is_waiting(message["text"])]
            here = fitting + waiting if fitting else here
            return [message for message in here if not OF_QUESTIONS.match(message["text"])]
        return here

    def _bot_messages(self, sent: Sent) -> list[Json]:
        there = self.chat_view.bot_messages(self.moved[sent.chat]) if sent.chat in self.moved else []
        return self.chat_view.bot_messages(sent.chat) + there

    def _is_about(self, sent: Sent, message: Json) -> bool:
        """Whether the recorded idempotency key is that of `sent`; without a key, whether it replies to it."""
        chat = message["chat"]["id"]
        idempotency_key = self.idempotency_keys.get(chat, {}).get(message["message_id"], "").split("-")[0]
        if chat != sent.chat:
            return idempotency_key == f"g{sent.message}"
        if idempotency_key.isdecimal() and sent.message:
            return idempotency_key == str(sent.message)
        places = (sent.below or sent.message, *sent.others)
        return message.get("reply_to_message", {}).get("message_id") in places

    def _pictures(self, sent: Sent) -> tuple[int, int]:
        """How often the picture was shown that was shown most, and how many messages were not heard of."""
        shown = [
            message
            for message in self._bot_messages(sent)
            if "text" not in message and self._is_about(sent, message)
        ]
        albums = {
            message["media_group_id"]
            for message in shown
            if "media_group_id" in message and self._is_heard(message)
        }
        heard = [
            message for message in shown if self._is_heard(message) or message.get("media_group_id") in albums
        ]
        return max([0, *Counter(map(_picture, heard)).values()]), len(shown) - len(heard)

    def _is_heard(self, message: Json) -> bool:
        known = self.idempotency_keys.get(message["chat"]["id"])
        return known is None or message["message_id"] in known

    def _kind(self, sent: Sent, final: list[Json]) -> str:
        kinds = [_kind(sent, message["text"]) for message in final]
        return "wrong" if "wrong" in kinds else kinds[0]


def is_waiting(text: str) -> bool:
    return text.endswith("…") or "in line" in text


def _kind(sent: Sent, text: str) -> str:
    if re.search(sent.wants, text, re.DOTALL):
        return "answer"
    if text.startswith("Sorry"):
        return "apology"
    return "refusal" if REFUSALS.search(text) else "wrong"


def _picture(message: Json) -> str:
    """A picture with its words; a file by its name, as each zip has other bytes."""
    if "document" in message:
        return str(message["document"].get("file_name"))
    file = (message.get("photo") or [message.get("sticker") or {}])[-1]
    return f"{file.get('file_unique_id')} {message.get('caption', '')}"
