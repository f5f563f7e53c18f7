"""All that people can do with the bot, in one long conversation; also where bot and worker are killed."""

from collections import Counter

import pytest
from support.bot_stack import Json, Stack
from support.conversation import Conversation
from support.scenario import BOT, SCENARIO, cast


def test_the_conversation_is_about_everything() -> None:
    assert len(SCENARIO) >= 60
    assert {step.item for step in SCENARIO} == set(range(1, 11))


@pytest.mark.parametrize("is_deadly", [False, True], ids=["in_one_go", "with_crashes"])
def test_whatever_people_do_is_answered_once_and_as_it_should_be(own_stack: Stack, is_deadly: bool) -> None:
    own_stack.start_all(**BOT)
    conversation = Conversation(own_stack, cast(own_stack), BOT, is_deadly=is_deadly)
    for step in SCENARIO:
        conversation.play(step)
    assert twice_said(conversation) == []
    assert (
        unfinished(conversation) == [] or is_deadly
    )  # killed at its birth, a placeholder stays: see bot/transport/outbox.py
    assert "Traceback" not in own_stack.log("bot") + own_stack.log("worker")


def said(conversation: Conversation) -> list[Json]:
    """All that the bot said in any chat, once each."""
    chats = {who.chat: who for who in conversation.cast.values()}
    return [
        one for who in chats.values() for one in who.messages() if one["from"]["is_bot"] and "text" in one
    ]


def twice_said(conversation: Conversation) -> list[str]:
    """What the bot said more than once to the same message."""
    counted = Counter(
        (one["chat"]["id"], one["reply_to_message"]["message_id"], one["text"])
        for one in said(conversation)
        if "reply_to_message" in one
    )
    return [text for (_chat, _to, text), count in counted.items() if count > 1]


def unfinished(conversation: Conversation) -> list[str]:
    """Placeholders that have not become anything."""
    return [one["text"] for one in said(conversation) if one["text"].endswith("…")]
