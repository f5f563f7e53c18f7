"""All that people can do with the bot, in one long conversation; also where bot and worker are killed."""

from collections import Counter

import pytest
from bot_stack import Stack
from conversation import Scene, words
from conversation_script import BOT, SCRIPT, cast


def test_the_conversation_is_about_everything() -> None:
    assert len(SCRIPT) >= 60
    assert {step.item for step in SCRIPT} == set(range(1, 11))


@pytest.mark.parametrize("is_deadly", [False, True], ids=["in_one_go", "with_crashes"])
def test_whatever_people_do_is_answered_once_and_as_it_should_be(own_stack: Stack, is_deadly: bool) -> None:
    own_stack.start_all(**BOT)
    scene = Scene(own_stack, cast(own_stack), BOT, is_deadly=is_deadly)
    for step in SCRIPT:
        scene.play(step)
    assert twice_said(scene) == []
    assert "Traceback" not in own_stack.log("bot") + own_stack.log("worker")


def twice_said(scene: Scene) -> list[str]:
    """What the bot said more than once to the same message."""
    said = {who.chat: [one for one in who.messages() if one["from"]["is_bot"]] for who in scene.cast.values()}
    counted = Counter(
        (chat, one["reply_to_message"]["message_id"], words(one))
        for chat, messages in said.items()
        for one in messages
        if "text" in one and "reply_to_message" in one
    )
    return [text for (_chat, _to, text), count in counted.items() if count > 1]
