"""Where an answer belongs. It travels with a job as its ticket, and comes back with the result."""

from typing import Final

import msgspec
from telegram import Message

from vlm.memory import former

INLINE: Final = "inline-"


class Place(msgspec.Struct, frozen=True):
    """What is answered, and where the answer is shown.

    cause      names what is answered, once and for all: a message's id, or 'press-ID' for a pressed button;
               'inline-ID' for an inline query, which is answered in no chat
    reply_to   the message that the answer is shown as a reply to; 0: to none
    thread     the topic of a forum; 0 elsewhere
    then_ask   the question that came with a photo: to be asked when the photo has its caption
    """

    chat: int
    cause: str
    reply_to: int
    thread: int = 0
    then_ask: str = ""

    def because(self, cause: str) -> "Place":
        """The same place, for another cause."""
        return msgspec.structs.replace(self, cause=cause)

    def moved(self, supergroup: int) -> "Place":
        """The same place in what its group has become, where no message has its old id."""
        return msgspec.structs.replace(self, chat=supergroup, cause=former(self.cause), reply_to=0, thread=0)

    @property
    def inline(self) -> str:
        """The id of the inline query that is answered; '' for anything else."""
        return self.cause.removeprefix(INLINE) if self.cause.startswith(INLINE) else ""

    @property
    def job(self) -> str:
        """The id of the one job that this cause gives rise to."""
        return f"{self.chat}-{self.cause}"

    @property
    def correlation_data(self) -> str:
        return f"{self.cause} {self.reply_to} {self.thread} {self.then_ask}".rstrip()


def replied(message: Message) -> Message | None:
    """The message that a message replies to. In a forum, what replies to nothing replies to its topic's
    beginning: that is to nothing."""
    target = message.reply_to_message
    return None if target is None or target.forum_topic_created else target


def place_of(message: Message) -> Place:
    """Where the answer to a message belongs."""
    thread = message.message_thread_id if message.is_topic_message else None
    return Place(message.chat_id, str(message.message_id), message.message_id, thread or 0)


def place_of_inline(person: int, query: str) -> Place:
    """Where the answer to an inline query belongs: with the person, in no chat."""
    return Place(person, f"{INLINE}{query}", 0)


def place_for(chat: int, correlation_data: str) -> Place:
    """The place that a ticket names. Raises ValueError for anything else."""
    cause, *rest = correlation_data.split(" ", 3)
    if not rest:  # as tickets were once: a message's id
        return Place(chat, cause, int(cause))
    return Place(chat, cause, int(rest[0]), int(rest[1]), "".join(rest[2:]))
