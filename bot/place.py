"""Where an answer belongs. It travels with a job as its ticket, and comes back with the result."""

import msgspec
from telegram import Message


class Place(msgspec.Struct, frozen=True):
    """What is answered, and where the answer is shown.

    cause      names what is answered, once and for all: a message's id, or 'press-ID' for a pressed button
    reply_to   the message that the answer is shown as a reply to
    thread     the topic of a forum; 0 elsewhere
    """

    chat: int
    cause: str
    reply_to: int
    thread: int = 0

    def because(self, cause: str) -> "Place":
        """The same place, for another cause."""
        return msgspec.structs.replace(self, cause=cause)

    @property
    def job(self) -> str:
        """The id of the one job that this cause gives rise to."""
        return f"{self.chat}-{self.cause}"

    @property
    def ticket(self) -> str:
        return f"{self.cause} {self.reply_to} {self.thread}"


def place_of(message: Message) -> Place:
    """Where the answer to a message belongs."""
    thread = message.message_thread_id if message.is_topic_message else None
    return Place(message.chat_id, str(message.message_id), message.message_id, thread or 0)


def place_for(chat: int, ticket: str) -> Place:
    """The place that a ticket names. Raises ValueError for anything else."""
    cause, *rest = ticket.split(" ")
    if not rest:  # as tickets were once: a message's id
        return Place(chat, cause, int(cause))
    return Place(chat, cause, *map(int, rest))
