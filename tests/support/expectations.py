"""The expectations of a conversation: see conversation.py."""

import io
import re
import zipfile

import httpx

from support.bot_stack import Json, Person, buttons, wait_until
from support.conversation import Conversation, Expectation, words


def hears(pattern: str, *labels: str, name: str = "", to: str = "") -> Expectation:
    """The bot sends a text, with buttons of these labels, in reply `to` that message."""

    def expectation(conversation: Conversation, who: Person) -> None:
        message = wait_until(
            lambda: next((message for message in conversation.news(who) if fits(conversation, message)), None)
        )
        conversation.named |= {name: message} if name else {}
        if match := re.search(pattern, words(message), re.DOTALL):
            conversation.words |= match.groupdict()

    def fits(conversation: Conversation, candidate: Json) -> bool:
        offered, answered = list(buttons(candidate)), candidate.get("reply_to_message", {}).get("message_id")
        if not re.search(pattern, words(candidate), re.DOTALL) or (to and answered != conversation.id_of(to)):
            return False
        return all(any(re.fullmatch(label, shown) for shown in offered) for label in labels)

    return expectation


def has_heard(pattern: str, to: str = "") -> Expectation:
    """The bot has sent a text, in this step or before."""

    def expectation(conversation: Conversation, who: Person) -> None:
        fitting = [
            message
            for message in who.messages()
            if message["from"]["is_bot"] and re.search(pattern, words(message))
        ]
        replied = [message.get("reply_to_message", {}).get("message_id") for message in fitting]
        assert fitting and (not to or conversation.id_of(to) in replied), (pattern, fitting)

    return expectation


def is_told(pattern: str) -> Expectation:
    """The answer to a callback query, shown over the chat."""

    def expectation(conversation: Conversation, who: Person) -> None:
        assert re.search(pattern, conversation.last_answer.get("text", "")), conversation.last_answer

    return expectation


def sees(*names: str) -> Expectation:
    """The bot sends exactly these photos, by file_id: nothing is uploaded again."""

    def expectation(conversation: Conversation, who: Person) -> None:
        file_ids = sorted(file_of(conversation.named[name]) for name in names)
        wait_until(lambda: shown(conversation, who) == file_ids)

    def shown(conversation: Conversation, who: Person) -> list[str]:
        return sorted(
            file_of(message) for message in conversation.news(who) if {"photo", "document"} & {*message}
        )

    return expectation


def is_offered(pattern: str, count: int | None = None) -> Expectation:
    """An inline query has `count` results, one of which matches."""

    def expectation(conversation: Conversation, who: Person) -> None:
        results = conversation.last_answer["results"]
        assert count is None or len(results) == count, results
        assert not count or any(re.search(pattern, str(result)) for result in results), results

    return expectation


def silence() -> Expectation:
    """All updates are handled, and the chat has not changed."""

    def expectation(conversation: Conversation, who: Person) -> None:
        conversation.settle()
        assert conversation.news(who) == []

    return expectation


def no_more(name: str) -> Expectation:
    """A message has been deleted."""
    return lambda conversation, who: wait_until(
        lambda: (
            conversation.named[name]["message_id"]
            in [message["message_id"] for message in conversation.gone(who)]
        )
    )


def the_menu(pattern: str) -> Expectation:
    """The menu of commands matches a pattern."""

    def expectation(conversation: Conversation, who: Person) -> None:
        def menu() -> str:
            entries = conversation.stack.call("GET", "state", params=who.who)["commands"]
            return "\n".join(f"/{command['command']} {command['description']}" for command in entries)

        wait_until(lambda: re.search(pattern, menu()))

    return expectation


def gets_zip(*patterns: str) -> Expectation:
    """A zip arrives whose files match 'NAME: TEXT', both patterns."""

    def expectation(conversation: Conversation, who: Person) -> None:
        [sent] = wait_until(lambda: [message for message in conversation.news(who) if "document" in message])
        got = httpx.get(f"{conversation.stack.page}/sandbox/file/{sent['document']['file_id']}").content
        with zipfile.ZipFile(io.BytesIO(got)) as inside:
            for name, _, text in (pattern.partition(": ") for pattern in patterns):
                held = [inside.read(path).decode() for path in inside.namelist() if re.search(name, path)]
                assert any(re.search(text, content) for content in held), (name, text, held)

    return expectation


def in_topic(name: str, of: str) -> Expectation:
    """Two messages are in the same forum topic."""

    def expectation(conversation: Conversation, who: Person) -> None:
        topics = [conversation.now(who, reference).get("message_thread_id") for reference in (name, of)]
        assert topics[0] == topics[1] is not None, topics

    return expectation


def brings_nothing(words_of_mine: str) -> Expectation:
    """The posted message does not contain the words, and the bot does not answer it."""

    def expectation(conversation: Conversation, who: Person) -> None:
        silence()(conversation, who)
        assert not [message for message in who.messages() if words_of_mine in words(message)]

    return expectation


def knows_of(*texts: str, photos: tuple[str, ...] = ()) -> Expectation:
    """Redis holds each of these words, and the file ids of these photos."""

    def expectation(conversation: Conversation, who: Person) -> None:
        for word in (*texts, *(file_of(conversation.named[name]) for name in photos)):
            assert conversation.traces(word), word

    return expectation


def knows_nothing_of(*texts: str, photos: tuple[str, ...] = ()) -> Expectation:
    """Redis holds none of these words any more, and no file id of these photos."""

    def expectation(conversation: Conversation, who: Person) -> None:
        conversation.settle()
        for word in (*texts, *(file_of(conversation.named[name]) for name in photos)):
            assert conversation.traces(word) == [], word

    return expectation


def file_of(message: Json) -> str:
    return str((message.get("document") or message["photo"][-1])["file_unique_id"])
