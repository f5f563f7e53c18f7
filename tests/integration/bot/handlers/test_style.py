"""/style: how long a chat's captions are."""

import pytest
from support.bot_stack import Person, Stack, wait_until

from bot.i18n.translator import translator_for
from bot.replies.style import ABOUT, FROM_NOW_ON, LABELS
from vlm.memory import Memory
from vlm.queue.connection import connect


async def style_of(stack: Stack, person: Person) -> str:
    async with connect(stack.server.url) as redis:
        return (await Memory(redis).preferences(person.chat)).style


async def test_a_style_is_chosen_by_a_button_that_comes_with_an_example(stack: Stack, person: Person) -> None:
    offer = person.answer(person.write("/style"))
    assert "Now they are: normal" in offer["text"]
    assert "Two cats and a pizza" in offer["text"]
    assert "“" not in ABOUT["short"], "a short caption is no other than a normal one, but for its length"
    [row] = offer["reply_markup"]["inline_keyboard"]
    assert [button["text"] for button in row] == ["Short", "Normal", "Detailed"]
    person.press(offer["message_id"], "style:short")
    message = offer["reply_to_message"]["message_id"]
    wait_until(lambda: [candidate["text"] for candidate in person.replies(message)] == [FROM_NOW_ON["short"]])
    assert await style_of(stack, person) == "short"


@pytest.mark.parametrize("style", LABELS)
async def test_a_style_may_be_typed(stack: Stack, person: Person, style: str) -> None:
    assert person.answer_text(person.write(f"/style {style.upper()}")).startswith("From now on")
    assert await style_of(stack, person) == style


async def test_a_style_may_be_typed_in_the_chats_language(stack: Stack) -> None:
    person, t = Person(stack, language="de"), translator_for("de")
    assert person.answer_text(person.write(f"/style {t('detailed')}")) == t(FROM_NOW_ON["detailed"])
    assert await style_of(stack, person) == "detailed"


async def test_what_is_no_style_gets_the_buttons(stack: Stack, person: Person) -> None:
    answer = person.answer(person.write("/style baroque"))
    assert answer["text"] == "Please choose one of these:"
    assert answer["reply_markup"]["inline_keyboard"]


async def test_a_groups_style_is_its_admins_matter(stack: Stack) -> None:
    creator, member = stack.group(2)
    creator.answer_text(creator.write("/help"))
    assert "admins" in member.answer_text(member.write("/style short"))
    assert await style_of(stack, member) == "normal"
    creator.answer_text(creator.write("/style short"))
    assert await style_of(stack, member) == "short"
