"""The actions of a conversation: see conversation.py."""

import re
from collections.abc import Callable
from typing import Any

from support.bot_stack import Person, buttons, picture
from support.conversation import Action, Conversation


def writes(text: str, reply_to: str = "", name: str = "") -> Action:
    def action(conversation: Conversation, who: Person) -> None:
        keep(
            conversation,
            who,
            name,
            who.write(text.format_map(conversation.words), conversation.id_of(reply_to)),
        )

    return action


def sends(drawing: str | bytes, file: str = "picture.png", name: str = "", **extra: Any) -> Action:
    """Send a picture, given by colour and size ('red 80 60') or as bytes. `kind` and `as_file` say how."""

    def action(conversation: Conversation, who: Person) -> None:
        keep(conversation, who, name, who.send(drawn(drawing), file, **extra))

    return action


def sends_album(*whats: str | bytes, name: str = "", **extra: Any) -> Action:
    def action(conversation: Conversation, who: Person) -> None:
        keep(conversation, who, name, who.send_album(*map(drawn, whats), **extra)[0])

    return action


def edits(name: str, text: str) -> Action:
    return lambda conversation, who: who.edit(int(conversation.named[name]["message_id"]), text)


def presses(name: str, label: str) -> Action:
    """Press the button whose label matches a pattern."""

    def action(conversation: Conversation, who: Person) -> None:
        offered = buttons(conversation.now(who, name))
        [data] = [data for shown, data in offered.items() if re.fullmatch(label, shown)]
        conversation.last_answer = who.press(int(conversation.named[name]["message_id"]), data)

    return action


def types_inline(query: str) -> Action:
    def action(conversation: Conversation, who: Person) -> None:
        asked = who.act("inline", query=query)["query"]
        answer = conversation.stack.call("GET", "answer", params={"query": asked, "wait_s": 30})
        conversation.last_answer = {**answer, "query": asked}

    return action


def chooses() -> Action:
    """Post the first inline result in this chat."""
    return lambda conversation, who: (
        who.act(
            "choose",
            query=conversation.last_answer["query"],
            result=conversation.last_answer["results"][0]["id"],
        )
        and None
    )


def acts(*actions: str, **about: Any) -> Action:
    """Block, unblock, promote ... (see bot/sandbox/page.py)."""

    def action(conversation: Conversation, who: Person) -> None:
        for name in actions:
            who.act(name, **about)

    return action


def moves(*cast: str) -> Action:
    """Migrate the group to a supergroup, with these people."""

    def action(conversation: Conversation, who: Person) -> None:
        new = who.act("migrate")["chat"]
        for name in cast:
            conversation.cast[name] = Person(
                conversation.stack, new, user=conversation.cast[name].who["user"]
            )

    return action


def deadly(action: Action) -> Action:
    """If the conversation is deadly, kill and restart bot and worker right after the action."""

    def done(conversation: Conversation, who: Person) -> None:
        action(conversation, who)
        if conversation.is_deadly:
            conversation.kill()

    return done


def happens(event: Callable[[Conversation], None], *, is_idle: bool = True) -> Action:
    """Something outside the chat. With `is_idle` false, jobs stay in the queue from then on."""

    def action(conversation: Conversation, who: Person) -> None:
        event(conversation)
        conversation.is_idle = is_idle

    return action


def drawn(drawing: str | bytes) -> bytes:
    if isinstance(drawing, bytes):
        return drawing
    colour, *size = drawing.split()
    return picture(colour, (int(size[0]), int(size[1])) if size else (64, 48))


def keep(conversation: Conversation, who: Person, name: str, message: int) -> None:
    if name:
        conversation.named[name] = next(
            candidate for candidate in who.messages() if candidate["message_id"] == message
        )
